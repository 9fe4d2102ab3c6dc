"""What a request asks for after its question mark."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from infra.runtime.http.wrong_fields import refused


async def refuse_odd_queries(request: Request) -> None:
    """Raises ``InvalidRequest`` for a parameter that comes twice, since no route takes lists, or that nobody reads.

    Who misspells the token of a page must not get the first one for ever. Probes may ask what they like.
    """
    counted = Counter(name for name, _ in request.query_params.multi_items())
    wrong = [_wrong(name, "repeated", "is given more than once") for name, count in counted.items() if count > 1]
    route = request.scope["route"]
    if counted and route.path.startswith("/api/"):
        known = set(_named(route.dependant))
        told = f"is not known here; known: {', '.join(sorted(known)) or 'none'}"
        wrong += [_wrong(name, "unknown", told) for name in counted if name not in known]
    if wrong:
        raise refused(wrong)


def _wrong(name: str, kind: str, told: str) -> dict[str, Any]:
    return {"loc": (name,), "type": kind, "msg": told}


def _named(dependant: Any) -> Iterator[str]:
    for one in dependant.query_params:
        kind = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield one.alias
    for inner in dependant.dependencies:
        yield from _named(inner)

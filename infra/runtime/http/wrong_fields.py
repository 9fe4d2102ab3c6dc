"""Bodies that are JSON but cannot be taken: fields that are wrong, and values that cannot be kept."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from infra.runtime.http.invalid import InvalidRequest, MalformedJson
from schemas.problem import Problem

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_DEPTH = 64
_MOST_NAMED = 100
_BODY = "body"
_PLAIN = (str, int, float, dict, list, tuple, date, UUID, type(None))  # of what code that is no request may give
_NO_OBJECT = frozenset({"model_attributes_type", "model_type", "dict_type"})


def wrong_field(field: str, message: str) -> InvalidRequest:
    """The problem of one field."""
    return InvalidRequest(f"{field}: {message}", errors=[{"field": field, "message": message}])


def wrong_fields(error: "ValidationError", *, below: str = "") -> InvalidRequest:
    """The problem that names every wrong field; ``below`` is the place of what was validated in the body."""
    place = (below,) if below else ()
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return refused([{**one, "loc": (*place, *one["loc"])} for one in found])


def refused(found: Sequence[Mapping[str, Any]]) -> InvalidRequest:
    """The problem that names every field of which pydantic found something, by its ``loc``."""
    errors = [
        {"field": ".".join(map(str, one["loc"])) or _BODY, "message": _message(one)} for one in found[:_MOST_NAMED]
    ]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors[:5])
    return InvalidRequest(detail, errors=errors)


def _message(found: Mapping[str, Any]) -> str:
    if found["type"] in _NO_OBJECT:
        sent = "" if found["loc"] else ", sent with Content-Type: application/json"  # curl -d alone says it is a form
        return f"must be a JSON object{sent}"
    return str(found["msg"]).removeprefix("Value error, ")


def refuse_unkept(meant: Mapping[str, Any]) -> None:
    """Raises ``InvalidRequest`` for a value that no store keeps, ``MalformedJson`` for nesting without end."""
    level: list[tuple[str, Any]] = [("", meant)]
    for _ in range(MAX_DEPTH):
        if wrong := next(((place, why) for place, value in level if (why := _unkept(value))), None):
            raise wrong_field(*wrong)
        level = [
            (f"{place}.{name}".removeprefix("."), child)
            for place, value in level
            if isinstance(value, dict | list)
            for name, child in (value.items() if isinstance(value, dict) else enumerate(value))
        ]
    if level:
        raise MalformedJson(f"The body nests deeper than {MAX_DEPTH} levels")


def _unkept(value: Any) -> str | None:
    texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else []
    if any("\0" in text for text in texts):
        return "must not contain the character U+0000"
    if any("\ud800" <= letter <= "\udfff" for text in texts if not text.isascii() for letter in text):
        return "must not contain half a character"
    if not isinstance(value, _PLAIN):
        return f"must be something that JSON has, not {type(value).__name__}"
    if isinstance(value, float) and not math.isfinite(value):
        return "must be a number"
    return "must fit into 64 bits" if isinstance(value, int) and not -(2**63) <= value < 2**63 else None


def placed(problem: Problem, place: str) -> Problem:
    """The same problem, of a part of the body."""
    errors = problem.extra.get("errors")
    if not isinstance(errors, list):
        return type(problem)(f"{place}: {problem.detail}", retry_after=problem.retry_after, **problem.extra)
    moved = [{**one, "field": f"{place}.{one['field']}"} for one in errors]
    detail = f"{place}.{problem.detail}"
    return type(problem)(detail, retry_after=problem.retry_after, **{**problem.extra, "errors": moved})

"""What a request asks for after its question mark."""

from collections import Counter

from fastapi import Request

from infra.runtime.http.wrong_fields import refused


async def refuse_repeated(request: Request) -> None:
    """Raises ``InvalidRequest`` for a parameter that comes twice: no route takes lists."""
    counted = Counter(name for name, _ in request.query_params.multi_items())
    twice = [name for name, count in counted.items() if count > 1]
    if twice:
        raise refused([{"loc": (name,), "type": "repeated", "msg": "is given more than once"} for name in twice])

"""Read a trigger's body: strict JSON, then an order whose every wrong field is named."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import msgspec
from pydantic import ValidationError

from infra.runtime.http import InvalidRequest, MalformedJson
from schemas.problem import Problem
from services.crawling.order import Order, fingerprint
from services.crawling.trigger_crawl import IdempotencyKey

_MAX_KEY = 255
_MAX_DEPTH = 64


class UnknownProvider(Problem):
    """No provider has this name."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such provider"
    recovery: ClassVar[str] = "Use one of the providers named in `allowed`."


def read_order(body: bytes, *, options: Mapping[str, Collection[str]]) -> tuple[Order, dict[str, Any]]:
    """The order, and the body as it was meant. ``options`` are those each provider takes.

    Raises ``MalformedJson``, ``InvalidRequest``, ``UnknownProvider``.
    """
    try:
        meant = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(f"The body is not valid JSON: {error}"[:300]) from error
    if not isinstance(meant, dict):
        raise InvalidRequest("body: must be a JSON object", errors=[{"field": "body", "message": "must be an object"}])
    _refuse_what_cannot_be_kept(meant)
    try:
        order = Order.model_validate(meant)
    except ValidationError as error:
        raise _named(error) from error
    _refuse_what_no_provider_takes(order, options)
    return order, meant


def read_key(header: str | None, meant: dict[str, Any]) -> IdempotencyKey | None:
    """The caller's key with the fingerprint of the body. Raises ``InvalidRequest``."""
    if header is None:
        return None
    if not (1 <= len(header) <= _MAX_KEY and header.isprintable()):
        message = f"must be 1 to {_MAX_KEY} printable characters"
        raise InvalidRequest(f"Idempotency-Key: {message}", errors=[{"field": "Idempotency-Key", "message": message}])
    return IdempotencyKey(key=header, fingerprint=fingerprint(meant))


def _refuse_what_cannot_be_kept(meant: dict[str, Any]) -> None:
    level: list[tuple[str, Any]] = [("", meant)]
    for _ in range(_MAX_DEPTH):
        if wrong := next(((place, why) for place, value in level if (why := _unkept(value))), None):
            raise InvalidRequest(f"{wrong[0]}: {wrong[1]}", errors=[{"field": wrong[0], "message": wrong[1]}])
        level = [
            (f"{place}.{name}".removeprefix("."), child)
            for place, value in level
            if isinstance(value, dict | list)
            for name, child in (value.items() if isinstance(value, dict) else enumerate(value))
        ]
    if level:
        raise MalformedJson(f"The body nests deeper than {_MAX_DEPTH} levels")


def _refuse_what_no_provider_takes(order: Order, options: Mapping[str, Collection[str]]) -> None:
    if order.provider not in options:
        message = f"must be one of {', '.join(options)}"
        raise UnknownProvider(
            f"provider: {message}", allowed=list(options), errors=[{"field": "provider", "message": message}]
        )
    allowed = options[order.provider]
    if strange := sorted(order.options.keys() - allowed):
        message = f"{order.provider} takes {', '.join(sorted(allowed)) or 'no options'}"
        errors = [{"field": f"options.{name}"[:200], "message": message} for name in strange[:100]]
        raise InvalidRequest(f"{errors[0]['field']}: {message}", errors=errors)


def _unkept(value: Any) -> str | None:
    texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else []
    if any("\0" in text for text in texts):
        return "must not contain the character U+0000"
    return "must fit into 64 bits" if isinstance(value, int) and not -(2**63) <= value < 2**63 else None


def _named(error: ValidationError) -> InvalidRequest:
    errors = [
        {
            "field": ".".join(str(part) for part in found["loc"]) or "body",
            "message": found["msg"].removeprefix("Value error, "),
        }
        for found in error.errors(include_url=False, include_context=False, include_input=False)[:100]
    ]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors[:5])
    return InvalidRequest(detail, errors=errors)

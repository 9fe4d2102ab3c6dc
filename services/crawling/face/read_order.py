"""Read a trigger's body: strict JSON, then an order whose every wrong field is named."""

from typing import Any

import msgspec
from pydantic import ValidationError

from infra.runtime.http.invalid import InvalidRequest, MalformedJson
from infra.runtime.http.wrong_fields import refuse_unkept, wrong_fields
from services.crawling.order import Order
from services.crawling.provider_options import Providers, refuse_what_no_provider_takes


def read_order(body: bytes, *, providers: Providers) -> tuple[Order, dict[str, Any]]:
    """The order, and the body as it was meant.

    Raises ``MalformedJson``, ``InvalidRequest``, ``UnknownProvider``.
    """
    try:
        meant = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(f"The body is not valid JSON: {error}"[:300]) from error
    if not isinstance(meant, dict):
        raise InvalidRequest("body: must be a JSON object", errors=[{"field": "body", "message": "must be an object"}])
    refuse_unkept(meant)
    try:
        order = Order.model_validate(meant)
    except ValidationError as error:
        raise wrong_fields(error) from error
    refuse_what_no_provider_takes(order, providers)
    return order, meant

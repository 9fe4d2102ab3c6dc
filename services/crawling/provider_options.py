"""Which providers there are, and what an order may wish of each."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from infra.runtime.http.invalid import InvalidRequest
from schemas.problem import Problem
from services.crawling.order import Order

Options = Mapping[str, Collection[str]]
"""The options that each provider takes, by its name."""


class UnknownProvider(Problem):
    """No provider has this name."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such provider"
    recovery: ClassVar[str] = "Use one of the providers named in `allowed`."


def refuse_what_no_provider_takes(order: Order, options: Options) -> None:
    """Raises ``UnknownProvider``, and ``InvalidRequest`` for options that the order's provider does not take."""
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

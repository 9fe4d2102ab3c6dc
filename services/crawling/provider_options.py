"""Which providers there are, and what an order may wish of each."""

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol
from uuid import UUID

from infra.runtime.http.invalid import InvalidRequest
from schemas.problem import Problem
from services.crawling.ports import Submission
from services.crawling.provider_problems import ProviderRejected

if TYPE_CHECKING:
    from services.crawling.order import Order

_INPUT = re.compile(r"inputs\.(?P<number>\d+)(\.url)?")
_NO_CRAWL = UUID(int=0)


class Takes(Protocol):
    """What is asked of a provider before it has an order."""

    @property
    def options(self) -> Collection[str]:
        """The options it knows."""

    def check(self, order: Submission) -> None:
        """See ``Provider.check``."""


Providers = Mapping[str, Takes]
"""All there are, by name."""


class UnknownProvider(Problem):
    """No provider has this name."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such provider"
    recovery: ClassVar[str] = "Use one of the providers named in `allowed`."


def refuse_what_no_provider_takes(order: "Order", providers: Providers) -> None:
    """Raises ``UnknownProvider``, and ``InvalidRequest`` for options and inputs that its provider does not take."""
    if order.provider not in providers:
        message = f"must be one of {', '.join(providers)}"
        raise UnknownProvider(
            f"provider: {message}", allowed=list(providers), errors=[{"field": "provider", "message": message}]
        )
    provider = providers[order.provider]
    if strange := sorted(order.options.keys() - provider.options):
        message = f"{order.provider} takes {', '.join(sorted(provider.options)) or 'no options'}"
        errors = [{"field": f"options.{name}"[:200], "message": message} for name in strange[:100]]
        raise InvalidRequest(f"{errors[0]['field']}: {message}", errors=errors)
    try:
        provider.check(as_sent(order))
    except ProviderRejected as rejected:
        raise _as_written(order, rejected) from rejected


def as_sent(order: "Order") -> Submission:
    """The order as its provider judges it before anything of it is stored."""
    return Submission(
        correlation=_NO_CRAWL,
        dataset_id=order.dataset_id,
        inputs=order.provider_inputs,
        listed=order.url is None,
        options={name: str(value) for name, value in order.options.items()},
    )


def _as_written(order: "Order", rejected: ProviderRejected) -> InvalidRequest:
    """Whoever wrote ``url`` or ``urls`` is told of these, not of the inputs that were made of them."""
    detail, errors = rejected.detail, rejected.extra.get("errors", [])
    if order.inputs is not None or not isinstance(errors, list):
        return InvalidRequest(detail, errors=errors)
    said = [{**one, "field": _written(order, one["field"])} for one in errors]
    return InvalidRequest("; ".join(f"{one['field']}: {one['message']}" for one in said) or detail, errors=said)


def _written(order: "Order", field: str) -> str:
    found = _INPUT.fullmatch(field)
    if found is None:
        return field
    return "url" if order.url is not None else f"urls.{found['number']}"

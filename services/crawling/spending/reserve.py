"""Reserve what an order may cost, in the transaction that accepts it and before the provider is asked."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.crawling.policy import Policy
from services.crawling.ports import Submission
from services.crawling.provider_problems import ProviderRejected
from services.crawling.spending.budget import amount, require_within
from services.crawling.store import budgets, purchases

_OF_EACH_INPUT = "limit_per_input"
_OF_ALL = ("limit_multiple_results", "limit", "max_pages")


async def reserve(
    tx: Transaction,
    crawl_id: UUID,
    attempt: int,
    *,
    order: Submission,
    tenant: str,
    source_id: str | None,
    provider: str,
    policy: Policy,
) -> None:
    """Count the purchase against the budgets of its tenant and its source.

    Purchases of a tenant that has a budget come one after the other, others side by side. Raises ``BudgetExceeded``.
    """
    price = policy.prices.get(provider, Decimal(0))
    asked = amount(_expected(order, provider, policy), price=price)
    concerned = [row for row in await budgets.lock(tx, tenant) if row["source_id"] in {"", source_id}]
    require_within(concerned, asked)
    new = await purchases.reserve(
        tx,
        crawl_id,
        attempt,
        tenant=tenant,
        source_id=source_id or "",
        provider=provider,
        price=price,
        amount=asked,
    )
    if new and concerned:
        await budgets.add(tx, tenant, source_id or "", asked)


def _expected(order: Submission, provider: str, policy: Policy) -> int:
    """What the provider says that it can bring; else what the order says, or what is assumed."""
    with suppress(ProviderRejected):  # what no provider takes is said where it is sent
        if provider in policy.most and (most := policy.most[provider](order)) is not None:
            return most
    return expected_records(len(order.inputs), order.options, per_input=policy.records_per_input)


def expected_records(inputs: int, options: Mapping[str, Any], *, per_input: int) -> int:
    """How many records an order may bring: what it limits itself to, else ``per_input`` for each of its inputs."""
    each = _limit(options, _OF_EACH_INPUT)
    most = inputs * (per_input if each is None else each)
    whole = [found for name in _OF_ALL if (found := _limit(options, name)) is not None]
    # a limit on the whole may be above what is assumed: then it says more than the assumption
    return min(whole if each is None and whole else [*whole, most])


def _limit(options: Mapping[str, Any], name: str) -> int | None:
    try:
        found = int(str(options[name]))
    except (KeyError, ValueError):
        return None
    return found if found > 0 else None

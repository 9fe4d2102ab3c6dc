"""Settle what a crawl's purchase was reserved as: by what came, or by what is known when it ends without a result."""

from uuid import UUID

import structlog

from infra.postgres.database import Database, Transaction
from services.crawling.crawl import Crawl
from services.crawling.spending.budget import NOTHING, Amount, amount
from services.crawling.store import budgets, crawls, purchases
from services.crawling.store.purchases import Purchase

log = structlog.get_logger()

BATCH = 500
FRUITLESS = {"PROVIDER_JOB_FAILED"}  # the provider says itself that there is no result to pay for


async def settle(tx: Transaction, crawl_id: UUID, *, tenant: str, records: int) -> None:
    """So many records came. Doing it again, with another count too, leaves the last one."""
    await budgets.lock(tx, tenant)
    one = await purchases.last(tx, crawl_id)
    if one is not None:
        await _correct(tx, one, amount(records, price=one.price), state="settled")


async def settle_ended(tx: Transaction, crawl_id: UUID, *, tenant: str, code: str) -> None:
    """The crawl ended without a result, by this error code. Once something came, that stands.

    An order that was certainly not taken is given back. What a snapshot holds that nobody has fetched is assumed to be
    paid: as much as the provider promised, else as much as was reserved.
    """
    await budgets.lock(tx, tenant)
    one = await purchases.last(tx, crawl_id)
    if one is None or one.state == "settled":
        return
    crawl = await crawls.get(tx, crawl_id)
    state, corrected = _known(one, crawl, code)
    await _correct(tx, one, corrected, state=state)


async def settle_left_open(*, database: Database, settled_seconds: float) -> int:
    """Settle reservations whose crawl ended without saying so, or is gone; returns how many."""
    async with database.reading() as tx:
        found = await purchases.left_open(tx, older_than_seconds=settled_seconds, limit=BATCH)
    for one in found:
        async with database.transaction() as tx:
            await settle_ended(tx, one.crawl_id, tenant=one.tenant, code="")
        log.warning("a reservation was left open", crawl_id=str(one.crawl_id), attempt=one.attempt)
    return len(found)


def _known(one: Purchase, crawl: Crawl | None, code: str) -> tuple[str, Amount]:
    if crawl is not None and crawl.snapshot_id is None and crawl.submitted_at is None:
        return "given_back", NOTHING
    if code in FRUITLESS:
        return "settled", amount(0, price=one.price)
    promised = crawl.expected_records if crawl is not None else None
    return "assumed", amount(one.expected if promised is None else promised, price=one.price)


async def _correct(tx: Transaction, one: Purchase, corrected: Amount, *, state: str) -> None:
    await purchases.settle(tx, one, corrected, state=state)
    if corrected != one.amount:
        await budgets.add(tx, one.tenant, one.source_id, corrected.minus(one.amount), day=one.day)

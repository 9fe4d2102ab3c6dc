"""Run an ended crawl again: on its snapshot if that lives, else by ordering anew where that is due."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem
from services.crawling.failure import DEAD_SNAPSHOT
from services.crawling.look_up_order import submission
from services.crawling.phase import require
from services.crawling.policy import Policy
from services.crawling.spending.reserve import reserve
from services.crawling.store import crawls, history, polls, views
from services.crawling.trigger_crawl import QUEUE
from services.jobs.job import Job
from services.jobs.store import control
from services.jobs.submitting.room import require_room


class WouldBuyAgain(Problem):
    """Only an explicit wish buys twice."""

    code: ClassVar[str] = "WOULD_BUY_AGAIN"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Running this crawl again would buy it a second time"
    recovery: ClassVar[str] = "Add ?repurchase=true if that is what you want."


async def retry_crawl(crawl_id: UUID, *, tenant: str, repurchase: bool, database: Database, policy: Policy) -> int:
    """Start the next attempt; returns its number.

    Raises ``CrawlNotFound``, ``IllegalCommand``, ``WouldBuyAgain``, ``BudgetExceeded``, ``QueueFull``.
    """
    async with database.transaction() as tx:
        locked = await control.lock(tx, crawl_id)
        row = require("retry-background", await views.one(tx, crawl_id, tenant=tenant))
        assert locked is not None  # noqa: S101  # a crawl has its job
        await history.keep_attempt(tx, crawl_id)
        await crawls.new_deadline(tx, crawl_id, policy.deadline)
        alive = row["snapshot_id"] is not None and not row["snapshot_dead"]
        if alive and not repurchase:
            return await _wait_again(tx, locked, row)
        _refuse_to_buy_again(row, repurchase=repurchase)
        if repurchase or not _of_unknown_fate(row):
            await _reserve(tx, locked, row, policy)
        await require_room(tx, QUEUE, tenant=tenant, room=policy.room)
        return await _order_again(tx, locked, row, repurchase=repurchase)


async def _wait_again(tx: Transaction, locked: Job, row: Mapping[str, Any]) -> int:
    attempt = await control.restart(tx, locked, state="waiting", queue="poll", step="waiting")
    await polls.insert(tx, locked.id, provider=row["provider"], snapshot_id=row["snapshot_id"], seconds=0.0)
    tx.ring("poll")
    return attempt


def _refuse_to_buy_again(row: Mapping[str, Any], *, repurchase: bool) -> None:
    never_bought = row["snapshot_id"] is None
    fruitless = row["error_code"] in DEAD_SNAPSHOT and row["proven"] is None
    if not (repurchase or never_bought or fruitless):
        raise WouldBuyAgain


def _of_unknown_fate(row: Mapping[str, Any]) -> bool:
    """What was reserved for an order that is looked up before it is sent again is still reserved."""
    return row["snapshot_id"] is None and row["submitted_at"] is not None


async def _reserve(tx: Transaction, locked: Job, row: Mapping[str, Any], policy: Policy) -> None:
    crawl = await crawls.get(tx, locked.id)
    assert crawl is not None  # noqa: S101  # its row was just seen
    await reserve(
        tx,
        locked.id,
        locked.attempt + 1,
        order=submission(crawl, policy),
        tenant=locked.tenant,
        source_id=row["source_id"],
        provider=crawl.provider,
        policy=policy,
    )


async def _order_again(tx: Transaction, locked: Job, row: Mapping[str, Any], *, repurchase: bool) -> int:
    await polls.stop(tx, locked.id)
    if repurchase or row["snapshot_id"] is not None:
        await crawls.forget_snapshot(tx, locked.id)
    # an order whose fate was never known keeps the time it was sent: it is looked up before it is sent again
    return await control.restart(tx, locked, state="ready", queue=QUEUE, step="submitting")

"""Fetch a snapshot that is there, by hand: a new attempt that buys nothing."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.crawling.phase import require
from services.crawling.policy import Policy
from services.crawling.ports import Progress, Provider
from services.crawling.store import crawls, history, polls, views
from services.jobs.store import control
from services.jobs.submitting.room import require_room


class SnapshotNotReady(Problem):
    """The provider is still collecting."""

    code: ClassVar[str] = "NOT_READY"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The provider has not finished this snapshot"
    recovery: ClassVar[str] = "Try again later; it is also fetched by itself while background processing runs."
    remedy: ClassVar[str | None] = "Download it later."


class SnapshotGone(Problem):
    """The provider has no result under this snapshot any more, and will have none."""

    code: ClassVar[str] = "RESULT_EXPIRED"
    status: ClassVar[int] = 410
    title: ClassVar[str] = "The provider has no result for this snapshot"
    recovery: ClassVar[str] = "Trigger the crawl again, or use retry-background?repurchase=true."


async def download_crawl(
    crawl_id: UUID, *, tenant: str, database: Database, providers: Mapping[str, Provider], policy: Policy
) -> int:
    """Queue the download; returns the attempt it belongs to.

    Raises ``CrawlNotFound``, ``IllegalCommand``, ``SnapshotNotReady``, ``SnapshotGone``, ``QueueFull`` and the
    provider's problems.
    """
    async with database.reading() as tx:
        row = require("download", await views.one(tx, crawl_id, tenant=tenant))
    progress = await providers[row["provider"]].poll(row["snapshot_id"])
    if progress.state == "pending":
        raise SnapshotNotReady(f"the provider says {progress.status!r}", retry_after=progress.retry_after or 30)
    if progress.state == "failed":
        await _bury(crawl_id, row["snapshot_id"], database=database)
        raise SnapshotGone(f"the provider says {progress.status!r} {progress.message}".strip())
    return await _start(crawl_id, progress, tenant=tenant, database=database, policy=policy)


async def _start(crawl_id: UUID, progress: Progress, *, tenant: str, database: Database, policy: Policy) -> int:
    async with database.transaction() as tx:
        locked = await control.lock(tx, crawl_id)
        row = require("download", await views.one(tx, crawl_id, tenant=tenant))
        if locked is None:
            return int(row["attempt"])
        await polls.stop(tx, crawl_id)
        await crawls.ready(tx, crawl_id, progress)
        if locked.state == "waiting":
            await control.move(tx, [crawl_id], queue="store", step="ready", told="ready")
            return locked.attempt
        await require_room(tx, "store", tenant=tenant, room=policy.room)
        await history.keep_attempt(tx, crawl_id)
        await crawls.new_deadline(tx, crawl_id, policy.deadline)
        return await control.restart(tx, locked, state="ready", queue="store", step="ready")


async def _bury(crawl_id: UUID, snapshot_id: str, *, database: Database) -> None:
    async with database.transaction() as tx:
        # the crawl may own another snapshot by now: that one lives
        await crawls.snapshot_gone(tx, crawl_id, snapshot_id)

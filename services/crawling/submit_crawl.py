"""Buy a crawl once: write down the intent, send the order, and look before sending it again."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

import structlog

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem, ProblemClass
from services.crawling.cancel_snapshot import cancel_later
from services.crawling.crawl import Crawl
from services.crawling.crawl_log import name_crawl
from services.crawling.failure import CrawlCancelled, MetadataNotFound, crawl_failed
from services.crawling.governor import MAX_REFUSALS, ProviderResting
from services.crawling.look_up_order import look_up_order, submission
from services.crawling.pause_crawl import put_aside
from services.crawling.policy import Policy
from services.crawling.ports import Provider
from services.crawling.provider_problems import DatasetFull
from services.crawling.store import crawls, health, polls
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Cancelled, Job, Outcome, Paused, Snooze, Waiting
from services.jobs.store import commands, control

if TYPE_CHECKING:
    from schemas.events.crawl_triggered import CrawlTriggered

log = structlog.get_logger()

LOOK_AGAIN_SECONDS = 2.0
FULL_SECONDS = 30.0  # a dataset with too many running jobs is left alone for this long, then twice as long, ...
MOST_FULL_SECONDS = 600.0
PROBE_SECONDS = 10.0


class StillUnknown(Problem):
    """Until its deadline nobody could say whether the order was bought."""

    code: ClassVar[str] = "SUBMIT_UNKNOWN"
    kind: ClassVar[ProblemClass] = ProblemClass.AMBIGUOUS
    stage: ClassVar[str] = "trigger"
    status: ClassVar[int] = 504
    title: ClassVar[str] = "The provider never said whether it took the order"
    recovery: ClassVar[str] = (
        "Look at the provider's dashboard; retry-background looks again, retry-background?repurchase=true buys again."
    )


class NotSentInTime(Problem):
    """The provider took no order until the crawl's time was over; nothing was bought."""

    code: ClassVar[str] = "DEADLINE_EXCEEDED"
    stage: ClassVar[str] = "trigger"
    status: ClassVar[int] = 504
    title: ClassVar[str] = "The order could not be sent in time"
    recovery: ClassVar[str] = "Check the provider's status page; retry-background sends the order."


async def submit_crawl(
    job: Job, *, database: Database, providers: Mapping[str, Provider], policy: Policy, now: datetime | None = None
) -> Outcome:
    """Get the crawl a snapshot, by buying or by finding what was bought.

    Raises the provider's ``Problem`` when the order is refused for certain; at the deadline ``StillUnknown``, or
    ``NotSentInTime`` when nothing was sent at all.
    """
    name_crawl(job)
    async with database.reading() as tx:
        crawl = await crawls.get(tx, job.id)
        wanted = await control.wanted(tx, job.id)
    if crawl is None:
        raise MetadataNotFound
    late = (now or datetime.now(UTC)) > crawl.deadline
    submitting = Submitting(
        job=job,
        crawl=crawl,
        wish=wanted,
        late=late,
        database=database,
        provider=providers[crawl.provider],
        policy=policy,
    )
    try:
        return await submitting.outcome()
    except ProviderResting as resting:
        if late and crawl.submitted_at is not None:
            raise StillUnknown from resting
        return Snooze(seconds=(resting.retry_after or LOOK_AGAIN_SECONDS) + 0.1, reason=resting.detail)


@dataclass(frozen=True, kw_only=True)
class Submitting:
    """One claim of a crawl's submission. With a ``wish`` or ``late`` nothing is sent any more; what was is found."""

    job: Job
    crawl: Crawl
    wish: str | None
    late: bool
    database: Database
    provider: Provider
    policy: Policy

    async def outcome(self) -> Outcome:
        """See ``submit_crawl``."""
        if self.crawl.submitted_at is None:
            return await self._order()
        found = await look_up_order(
            self.crawl,
            sent_at=self.crawl.submitted_at,
            database=self.database,
            provider=self.provider,
            policy=self.policy,
        )
        if found is not None:
            return _adopted(self.job, self.crawl, found, self.policy)
        if (datetime.now(UTC) - self.crawl.submitted_at).total_seconds() < self.policy.settle:
            return self._look_again()
        log.info("the provider does not know the order")
        return await self._order()

    async def _order(self) -> Outcome:
        if self.wish == "cancel":
            return _cancelled(self.job)
        if self.wish == "pause":
            return Paused()
        if self.late:
            raise NotSentInTime if self.crawl.submitted_at is None else StillUnknown
        return await self._buy()

    async def _buy(self) -> Outcome:
        async with self.database.transaction() as tx:
            if not await self._may_submit(tx):
                raise ProviderResting("the dataset has too many running jobs", retry_after=PROBE_SECONDS)
            await self._on_its_way(tx)
        try:
            snapshot_id = await self.provider.submit(submission(self.crawl, self.policy))
        except asyncio.CancelledError:
            await self._lost()
            raise
        except Problem as problem:
            if problem.kind is not ProblemClass.AMBIGUOUS:
                await self._refused(problem)
                raise
            log.warning("the provider did not say whether it took the order", detail=problem.detail)
            await self._lost()
            return self._look_again()
        async with self.database.transaction() as tx:
            await health.free(tx, _dataset(self.crawl))
        return _adopted(self.job, self.crawl, snapshot_id, self.policy)

    async def _may_submit(self, tx: Transaction) -> bool:
        return await health.may_submit(
            tx, self.crawl.provider, _dataset(self.crawl), probe_seconds=PROBE_SECONDS, most=MAX_REFUSALS - 1
        )

    async def _on_its_way(self, tx: Transaction) -> None:
        if not await crawls.intend(tx, self.crawl.id, lease_token=self.job.lease_token):
            raise LeaseLost

    async def _lost(self) -> None:
        # until now it may have been under way: only from here on it has the agreed time to show up
        async with self.database.transaction() as tx:
            await self._on_its_way(tx)

    async def _refused(self, problem: Problem) -> None:
        async with self.database.transaction() as tx:
            await crawls.not_sent(tx, self.crawl.id)
            if isinstance(problem, DatasetFull):
                again = await health.failed(tx, _dataset(self.crawl))
                full = max(problem.retry_after or 0.0, min(MOST_FULL_SECONDS, FULL_SECONDS * 2.0 ** (again - 1)))
                await health.rest(tx, _dataset(self.crawl), seconds=full)
        if isinstance(problem, DatasetFull):
            raise ProviderResting(problem.detail, retry_after=full) from problem
        if problem.retryable:
            # nothing was bought and nothing is lost: the order waits for its provider as long as its caller would
            raise ProviderResting(problem.detail, retry_after=problem.retry_after or self._patience()) from problem

    def _patience(self) -> float:
        age = (datetime.now(UTC) - (self.crawl.deadline - self.policy.deadline)).total_seconds()
        return max(self.policy.retry_base, min(self.policy.retry_cap, age / 2)) * random.uniform(0.8, 1.2)  # noqa: S311  # no secret

    def _look_again(self) -> Outcome:
        if self.late:
            raise StillUnknown
        unknown = "the provider did not say whether it took the order; it is looked up"
        return Snooze(seconds=LOOK_AGAIN_SECONDS, step="submit_unknown", reason=unknown)


def _dataset(crawl: Crawl) -> str:
    return f"{crawl.provider}/{crawl.dataset_id}"


def _adopted(job: Job, crawl: Crawl, snapshot_id: str, policy: Policy) -> Outcome:
    async def also(tx: Transaction) -> None:
        await crawls.adopt(tx, crawl.id, snapshot_id)
        await tx.record(_triggered(job, crawl, snapshot_id), tenant=crawl.tenant)
        await polls.insert(tx, crawl.id, provider=crawl.provider, snapshot_id=snapshot_id, seconds=policy.poll_interval)
        tx.ring("poll")
        locked = await control.lock(tx, crawl.id)
        if locked is not None and locked.want == "cancel":
            await commands.cancel(tx, [locked])
            await cancel_later(tx, crawl.provider, snapshot_id, crawl=crawl, attempt=job.attempt)
            await crawl_failed(tx, job, CrawlCancelled())
        elif locked is not None and locked.want == "pause":
            await put_aside(tx, locked)

    return Waiting(queue="poll", step="waiting", also=also)


def _triggered(job: Job, crawl: Crawl, snapshot_id: str) -> "CrawlTriggered":
    from schemas.events.crawl_triggered import CrawlTriggered  # noqa: PLC0415  # who tells none needs no pydantic

    return CrawlTriggered(
        crawl_id=str(crawl.id),
        attempt=job.attempt,
        snapshot_id=snapshot_id,
        platform=crawl.platform,
        competitor=crawl.competitor,
        provider=crawl.provider,
    )


def _cancelled(job: Job) -> Cancelled:
    async def also(tx: Transaction) -> None:
        await crawl_failed(tx, job, CrawlCancelled())

    return Cancelled(also=also)

"""Buy a crawl once: write down the intent, send the order, and look before sending it again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import structlog

from infra.postgres.database import Database, Transaction
from schemas.events.crawl_triggered import CrawlTriggered
from schemas.problem import Problem, ProblemClass
from services.crawling.cancel_snapshot import cancel_later
from services.crawling.failure import CrawlCancelled, MetadataNotFound, crawl_failed
from services.crawling.governor import ProviderResting
from services.crawling.order import Crawl
from services.crawling.policy import Policy
from services.crawling.ports import Provider, Submission
from services.crawling.store import crawls, health, polls
from services.jobs.job import Cancelled, Job, Outcome, Snooze, Waiting
from services.jobs.settle import LeaseLost
from services.jobs.store import control

log = structlog.get_logger()

LOOK_AGAIN_SECONDS = 2.0
FULL_SECONDS = 30.0  # a dataset with too many running jobs is left alone for this long
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


async def submit_crawl(
    job: Job, *, database: Database, providers: Mapping[str, Provider], policy: Policy, now: datetime | None = None
) -> Outcome:
    """Get the crawl a snapshot, by buying or by finding what was bought.

    Raises the provider's ``Problem`` when the order is refused for certain, ``StillUnknown`` at the deadline.
    """
    async with database.reading() as tx:
        crawl = await crawls.get(tx, job.id)
        wanted = await control.wanted(tx, job.id)
    if crawl is None:
        raise MetadataNotFound
    if crawl.submitted_at is None and wanted == "cancel":
        return _cancelled(job)
    try:
        snapshot_id = await _snapshot(job, crawl, database=database, provider=providers[crawl.provider], policy=policy)
    except ProviderResting as resting:
        if crawl.submitted_at is not None and (now or datetime.now(UTC)) > crawl.deadline:
            raise StillUnknown from resting
        return Snooze(seconds=(resting.retry_after or LOOK_AGAIN_SECONDS) + 0.1)
    if snapshot_id is not None:
        return _adopted(job, crawl, snapshot_id, policy)
    if (now or datetime.now(UTC)) > crawl.deadline:
        raise StillUnknown
    if wanted == "cancel" and _settled(crawl, policy):
        return _cancelled(job)
    return Snooze(seconds=LOOK_AGAIN_SECONDS, step="submit_unknown")


async def _snapshot(job: Job, crawl: Crawl, *, database: Database, provider: Provider, policy: Policy) -> str | None:
    order = _order(crawl, policy)
    if crawl.submitted_at is not None:
        found = await _look_up(crawl, order, database=database, provider=provider)
        if found is not None or not _settled(crawl, policy) or job.want == "cancel":
            return found
        log.info("the provider does not know the order, sending it again")
    return await _buy(job, crawl, order, database=database, provider=provider)


async def _buy(job: Job, crawl: Crawl, order: Submission, *, database: Database, provider: Provider) -> str | None:
    async with database.transaction() as tx:
        if not await health.may_submit(tx, _dataset(crawl), probe_seconds=PROBE_SECONDS):
            raise ProviderResting("the dataset has too many running jobs", retry_after=PROBE_SECONDS)
        if not await crawls.intend(tx, crawl.id, lease_token=job.lease_token):
            raise LeaseLost
    try:
        snapshot_id = await provider.submit(order)
    except Problem as problem:
        if problem.kind is ProblemClass.AMBIGUOUS:
            log.warning("the provider did not say whether it took the order", detail=problem.detail)
            return None
        async with database.transaction() as tx:
            await crawls.not_sent(tx, crawl.id)
            if problem.kind is ProblemClass.QUOTA:
                await health.rest(tx, _dataset(crawl), seconds=problem.retry_after or FULL_SECONDS)
        if problem.kind is ProblemClass.QUOTA and datetime.now(UTC) < crawl.deadline:
            raise ProviderResting(problem.detail, retry_after=problem.retry_after or FULL_SECONDS) from problem
        raise
    async with database.transaction() as tx:
        await health.free(tx, _dataset(crawl))
    return snapshot_id


def _dataset(crawl: Crawl) -> str:
    return f"{crawl.provider}/{crawl.dataset_id}"


async def _look_up(crawl: Crawl, order: Submission, *, database: Database, provider: Provider) -> str | None:
    assert crawl.submitted_at is not None  # noqa: S101  # only unanswered orders are looked up
    async with database.reading() as tx:
        taken = await crawls.taken_snapshots(tx, crawl.provider, crawl.dataset_id, since=crawl.submitted_at)
    try:
        return await provider.find(order, since=crawl.submitted_at, taken=taken)
    except ProviderResting:
        raise
    except Problem as problem:
        if not problem.retryable:
            raise
        log.warning("look-up failed", detail=problem.detail)
        raise ProviderResting("look-up failed", retry_after=problem.retry_after or 10.0) from problem


def _settled(crawl: Crawl, policy: Policy) -> bool:
    assert crawl.submitted_at is not None  # noqa: S101  # only unanswered orders settle
    return (datetime.now(UTC) - crawl.submitted_at).total_seconds() >= policy.settle


def _order(crawl: Crawl, policy: Policy) -> Submission:
    hook = f"{policy.webhook_base}/api/v1/webhooks/{crawl.provider}" if policy.webhook_base else None
    return Submission(
        correlation=crawl.id,
        dataset_id=crawl.dataset_id,
        inputs=crawl.inputs,
        options={name: str(value) for name, value in crawl.options.items()},
        notify_url=f"{hook}?crawl_id={crawl.id}" if hook else None,
        notify_authorization=f"Bearer {crawl.webhook_token}" if hook else None,
    )


def _adopted(job: Job, crawl: Crawl, snapshot_id: str, policy: Policy) -> Outcome:
    async def also(tx: Transaction) -> None:
        await crawls.adopt(tx, crawl.id, snapshot_id)
        await tx.record(_triggered(job, crawl, snapshot_id), tenant=crawl.tenant)
        if policy.polling_enabled:
            await polls.insert(
                tx, crawl.id, provider=crawl.provider, snapshot_id=snapshot_id, seconds=policy.poll_interval
            )
            tx.ring("poll")
        locked = await control.lock(tx, crawl.id)
        if locked is not None and locked.want == "cancel":
            await control.cancel_locked(tx, locked)
            await cancel_later(tx, crawl.provider, snapshot_id, crawl=crawl, attempt=job.attempt)
            await crawl_failed(tx, job, CrawlCancelled())

    return Waiting(queue="poll", step="waiting", also=also)


def _triggered(job: Job, crawl: Crawl, snapshot_id: str) -> CrawlTriggered:
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

"""A poll changed a crawl's state: fetch the result, or tell that there will be none."""

import structlog

from infra.postgres.database import Database, Transaction
from infra.runtime.telemetry import trace
from services.crawling.failure import DEAD_SNAPSHOT, crawl_failed, stage_of
from services.crawling.policy import Policy
from services.crawling.polling.verdict import WATCH_SECONDS, Over, Ready
from services.crawling.store import crawls, polls
from services.crawling.store.polls import Due
from services.jobs.job import Job
from services.jobs.store import control

log = structlog.get_logger()


async def settle_poll(due: Due, verdict: Ready | Over, *, database: Database, policy: Policy) -> None:
    """One transaction: the poll row goes, the crawl moves on or fails, and the event says so."""
    async with database.transaction() as tx:
        # the job is locked first, as every command does it: in another order the two would wait for each other
        job = await control.lock(tx, due.crawl_id)
        status = verdict.progress.status if isinstance(verdict, Ready) else verdict.status
        if job is None or not await polls.finish(tx, due, status=status):
            return
        with trace.continued(job.traceparent):
            if isinstance(verdict, Ready):
                await _ready(tx, due, verdict)
            else:
                await _over(tx, due, job, verdict, policy)


async def _ready(tx: Transaction, due: Due, verdict: Ready) -> None:
    progress = verdict.progress
    await crawls.ready(tx, due.crawl_id, progress)
    if not due.watching:
        await control.move(
            tx, [due.crawl_id], queue="store", step="ready", told="ready", data={"records": progress.records}
        )
    log.info("snapshot ready", crawl_id=str(due.crawl_id), snapshot_id=due.snapshot_id, records=progress.records)


async def _over(tx: Transaction, due: Due, job: Job, verdict: Over, policy: Policy) -> None:
    problem = verdict.problem
    if problem.code in DEAD_SNAPSHOT:
        await crawls.snapshot_died(tx, due.crawl_id, status=verdict.status)
    if due.watching or job.state != "waiting":
        return
    await control.fail_waiting(tx, due.crawl_id, problem, stage=stage_of(job, problem))
    await crawl_failed(tx, job, problem)
    if problem.code not in DEAD_SNAPSHOT:
        # paid for, and perhaps only late: watched slowly, so that status can offer the download
        await polls.insert(
            tx,
            due.crawl_id,
            provider=due.provider,
            snapshot_id=due.snapshot_id,
            seconds=min(WATCH_SECONDS, 10 * policy.poll_interval),
            watching=True,
        )
    log.error("crawl failed", crawl_id=str(due.crawl_id), code=problem.code, detail=problem.detail)

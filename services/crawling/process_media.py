"""Fetch the media that a stored result links to: in a job of its own, whatever becomes of it."""

import asyncio
import time
from uuid import UUID, uuid5

from infra.postgres.database import Database
from infra.runtime.egress.fetch import GuardedSession
from services.crawling.crawl import Crawl
from services.crawling.crawl_log import name_crawl
from services.crawling.media.fetching import Fetching, MediaUnavailable
from services.crawling.media.links import media_links
from services.crawling.ports import Lake
from services.crawling.store import media
from services.jobs.engine.terms import Terms
from services.jobs.job import Done, Job, NewJob, Outcome, Resume
from services.jobs.progress import Reporter

FUNCTION_SECONDS = 480.0  # a function lives nine minutes: then it goes on in a fresh claim
AT_ONCE = 8
QUEUE = "media"
_IDS = UUID("9d4c7a18-0b35-5b7a-8f2b-b9b0a3e7d6f1")


def media_id(crawl_id: UUID, attempt: int) -> UUID:
    """The id of the job that fetches an attempt's media."""
    return uuid5(_IDS, f"{crawl_id}/{attempt}")


def media_job(crawl: Crawl, attempt: int, object_name: str) -> NewJob:
    """The job that fetches an attempt's media."""
    return NewJob(
        id=media_id(crawl.id, attempt),
        kind="media",
        queue=QUEUE,
        tenant=crawl.tenant,
        priority=3,
        payload={"crawl_id": str(crawl.id), "object_name": object_name},
    )


async def process_media(
    job: Job,
    *,
    database: Database,
    lake: Lake,
    session: GuardedSession,
    most_bytes: int,
    reporter: Reporter,
    terms: Terms,
) -> Outcome:
    """Each link once, however often it is interrupted; of an earlier attempt's links only those that failed.

    Raises ``MediaUnavailable`` while links failed and another try is allowed, ``ObjectMissing``, the lake's problems
    and ``LeaseLost``.
    """
    name_crawl(job)
    crawl_id, until = UUID(job.payload["crawl_id"]), time.monotonic() + FUNCTION_SECONDS
    await reporter.report(job, 0.0, step="looking")
    async for urls in media_links(lake, job.payload["object_name"]):
        async with database.transaction() as tx:
            await media.expect(tx, crawl_id, urls, tenant=job.tenant)
    fetching = Fetching(
        crawl_id=crawl_id, tenant=job.tenant, database=database, lake=lake, session=session, most_bytes=most_bytes
    )
    while True:
        async with database.reading() as tx:
            urls = await media.pending(tx, crawl_id, limit=AT_ONCE)
            counts = await media.counts(tx, crawl_id)
        if not urls:
            await _try_again(job, crawl_id, counts["failed"], database=database, terms=terms)
            return Done(result={"crawl_id": str(crawl_id), **counts})
        if time.monotonic() > until:
            return Resume()
        await reporter.report(
            job, _progress(counts["pending"], sum(counts.values()) - counts["objects"]), step="fetching"
        )
        await asyncio.gather(*map(fetching.fetch, urls))


async def _try_again(job: Job, crawl_id: UUID, failed: int, *, database: Database, terms: Terms) -> None:
    problem = MediaUnavailable(f"Of the links, {failed} could not be fetched.")
    if failed and terms.allows_another_try(job, problem):
        async with database.transaction() as tx:
            await media.again(tx, crawl_id)
        raise problem


def _progress(pending: int, total: int) -> float:
    return 1.0 + 98.0 * (total - pending) / total

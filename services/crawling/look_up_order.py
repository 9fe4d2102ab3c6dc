"""Find out what became of an order that nobody answered: it may have been bought."""

from datetime import datetime
from uuid import uuid5

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.crawl import Crawl
from services.crawling.governor import ProviderResting
from services.crawling.policy import Policy
from services.crawling.ports import Provider, Submission
from services.crawling.store import crawls

log = structlog.get_logger()


async def look_up_order(
    crawl: Crawl, *, sent_at: datetime, database: Database, provider: Provider, policy: Policy
) -> str | None:
    """The snapshot that the order became; None if its provider has none.

    Raises ``ProviderResting`` where it cannot be asked now, and the problems that do not pass.
    """
    async with database.reading() as tx:
        taken = await crawls.taken_snapshots(tx, crawl.provider, crawl.dataset_id, since=sent_at)
        hinted = crawl.hinted_snapshot
        if hinted is not None and await crawls.by_snapshot(tx, crawl.provider, hinted) is not None:
            hinted = None
    try:
        if hinted is not None and await _is_there(hinted, provider):
            return hinted
        return await provider.find(submission(crawl, policy), since=sent_at, taken=taken)
    except ProviderResting:
        raise
    except Problem as problem:
        if not problem.retryable:
            raise
        log.warning("look-up failed", detail=problem.detail)
        raise ProviderResting("look-up failed", retry_after=problem.retry_after or 10.0) from problem


async def _is_there(snapshot_id: str, provider: Provider) -> bool:
    # a webhook is a hint: what it says is asked for
    try:
        await provider.poll(snapshot_id)
    except Problem as problem:
        if problem.retryable:
            raise
        return False
    return True


def submission(crawl: Crawl, policy: Policy) -> Submission:
    """The crawl's order, as its provider gets it; the same each time the same purchase is sent."""
    hook = f"{policy.webhook_base}/api/v1/webhooks/{crawl.provider}" if policy.webhook_base else None
    return Submission(
        correlation=crawl.id,
        purchase=uuid5(crawl.id, str(crawl.purchase)),
        dataset_id=crawl.dataset_id,
        inputs=crawl.inputs,
        listed=crawl.listed,
        options={name: str(value) for name, value in crawl.options.items()},
        notify_url=f"{hook}?crawl_id={crawl.id}" if hook else None,
        notify_authorization=f"Bearer {crawl.webhook_token}" if hook else None,
    )

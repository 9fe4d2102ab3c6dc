"""A provider says it is done: a hint that makes the crawl due now. The truth is asked for, never taken from it."""

import hmac
from typing import ClassVar

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.crawling.store import crawls, polls


class WebhookUnknown(Problem):
    """The hint is about no snapshot that a crawl owns."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "This webhook belongs to no crawl"
    recovery: ClassVar[str] = "Name a snapshot of this Headrace as `snapshot_id`; its crawl is polled in any case."


class WebhookRefused(Problem):
    """The hint does not carry the crawl's own token."""

    code: ClassVar[str] = "UNAUTHENTICATED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 401
    title: ClassVar[str] = "This webhook is not authenticated"
    recovery: ClassVar[str] = "Send the Authorization header that was given with the order of this crawl."


async def accept_webhook(*, provider: str, snapshot_id: str, authorization: str | None, database: Database) -> None:
    """Poll the snapshot's crawl now. Raises ``WebhookUnknown``, ``WebhookRefused``; late hints change nothing."""
    async with database.transaction() as tx:
        crawl = await crawls.by_snapshot(tx, provider, snapshot_id)
        if crawl is None:
            raise WebhookUnknown("no crawl owns this snapshot")
        expected = f"Bearer {crawl.webhook_token}"
        if not hmac.compare_digest((authorization or "").encode(), expected.encode()):
            raise WebhookRefused
        await polls.due_now(tx, crawl.id)
        tx.ring("poll")

"""A provider that numbers its webhooks says something: taken once, believed only as far as it can be asked about."""

import hmac
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem
from services.crawling.accept_webhook import WebhookRefused, WebhookUnknown
from services.crawling.crawl import Crawl
from services.crawling.store import crawls, deliveries, polls


class WebhookUnsigned(WebhookRefused):
    """The webhook does not prove that it is the provider's."""

    title: ClassVar[str] = "This webhook is not signed by the provider"
    recovery: ClassVar[str] = (
        "Set FIRECRAWL_WEBHOOK_SECRET to the account's secret; for a Firecrawl of your own, which signs nothing, set "
        "HEADRACE_FIRECRAWL_UNSIGNED_WEBHOOKS and have it send the Authorization header of the crawl's order."
    )


class DeliveryTooLarge(Problem):
    """A webhook that unpacks to more than anybody has to say."""

    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The webhook is too large"
    recovery: ClassVar[str] = "Send it without pages: their crawl is polled in any case."


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a webhook says. ``crawl_id`` is ours, from the order; ``ended`` is whether the job is over."""

    id: str | None
    snapshot_id: str
    crawl_id: UUID | None
    ended: bool


async def accept_delivery(
    delivery: Delivery, *, provider: str, signed: bool, authorization: str | None, database: Database
) -> None:
    """Poll an ended job's crawl now; let an order of unknown fate be looked up as this job. A repetition does nothing.

    Unsigned ones are taken by the crawl's own token. Raises ``WebhookUnknown``, ``WebhookUnsigned``.
    """
    async with database.transaction() as tx:
        crawl = await _crawl(tx, delivery, provider)
        if crawl is None:
            raise WebhookUnknown("no crawl owns this job")
        if not signed and not _knows(crawl, authorization):
            raise WebhookUnsigned
        if delivery.id is not None and not await deliveries.first(tx, provider, delivery.id):
            return
        if crawl.snapshot_id is None:
            await crawls.hint(tx, crawl.id, provider=provider, snapshot_id=delivery.snapshot_id)
        elif delivery.ended:
            await polls.due_now(tx, crawl.id)
            tx.ring("poll")


async def _crawl(tx: Transaction, delivery: Delivery, provider: str) -> Crawl | None:
    owner = await crawls.by_snapshot(tx, provider, delivery.snapshot_id)
    if owner is not None or delivery.crawl_id is None:
        return owner
    named = await crawls.get(tx, delivery.crawl_id)
    return named if named is not None and named.provider == provider and named.snapshot_id is None else None


def _knows(crawl: Crawl, authorization: str | None) -> bool:
    return hmac.compare_digest((authorization or "").encode(), f"Bearer {crawl.webhook_token}".encode())

"""Find snapshots at a provider that nobody here owns, and adopt them as crawls: what was paid is not lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from schemas.events.crawl_triggered import CrawlTriggered
from schemas.problem import Problem
from services.crawling.governed import Governed
from services.crawling.order import Order
from services.crawling.policy import Policy
from services.crawling.ports import Listed
from services.crawling.store import crawls, polls, unowned
from services.jobs.job import NewJob
from services.jobs.store import queue

UNKNOWN = "unknown"  # nobody here ever said of what platform or competitor it is
SLACK = timedelta(minutes=5)  # between the provider's clock and ours
_IDS = UUID("c1d7c6de-3f5f-5b86-9a53-8f0a3c6b1e77")


class NotListed(Problem):
    """The provider has no list of what it collected."""

    code: ClassVar[str] = "SNAPSHOTS_NOT_LISTED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This provider does not list its snapshots"
    recovery: ClassVar[str] = "Give --provider one of the names said here."


async def reconcile_provider(
    provider: Governed,
    *,
    dataset_ids: Sequence[str],
    since: datetime,
    tenant: str,
    adopt: bool,
    webhook_token: str,
    database: Database,
    policy: Policy,
) -> list[dict[str, Any]]:
    """The snapshots since then that no crawl has or had; with ``adopt`` each becomes a crawl of this tenant.

    Without ``dataset_ids`` those that were ordered before are asked for. What an order of unknown fate may have made is
    left to its look-up. Raises ``NotListed`` and the provider's problems.
    """
    async with database.reading() as tx:
        asked = list(dataset_ids) or await unowned.datasets(tx, provider.name)
    told = []
    for dataset_id in asked:
        for one, free in await _unowned(provider, dataset_id, since=since, database=database):
            crawl_id = None
            if adopt and free:
                order = Order.model_construct(
                    dataset_id=dataset_id, platform=UNKNOWN, competitor=UNKNOWN, provider=provider.name, inputs=[]
                )
                async with database.transaction() as tx:
                    crawl_id = await _adopt(tx, order, one, tenant=tenant, webhook_token=webhook_token, policy=policy)
            told.append(_told(one, dataset_id, free=free, crawl_id=crawl_id))
    return told


async def _unowned(
    provider: Governed, dataset_id: str, *, since: datetime, database: Database
) -> list[tuple[Listed, bool]]:
    """Snapshots of nobody, each with whether no order that is looked for can have made it."""
    listed = await provider.snapshots(dataset_id, since=since)
    # both as of one moment behind the list: whoever made one of these owns it by then, or is still looking for it
    async with database.snapshot() as tx:
        looked_for = await unowned.looked_for_since(tx, provider.name, dataset_id, slack=SLACK)
        owned = await unowned.owned(tx, provider.name, [one.snapshot_id for one in listed])
    free = [looked_for is None or (one.created is not None and one.created < looked_for) for one in listed]
    return [(one, is_free) for one, is_free in zip(listed, free, strict=True) if one.snapshot_id not in owned]


async def _adopt(
    tx: Transaction, order: Order, one: Listed, *, tenant: str, webhook_token: str, policy: Policy
) -> UUID | None:
    crawl_id, provider = uuid5(_IDS, f"{order.provider}/{one.snapshot_id}"), order.provider
    new = NewJob(
        id=crawl_id,
        kind="crawl",
        queue="poll",
        state="waiting",
        step="waiting",
        tenant=tenant,
        metadata={"adopted": True},
    )
    if not await queue.enqueue(tx, new):
        return None
    await crawls.insert(tx, crawl_id, order, tenant=tenant, webhook_token=webhook_token, deadline=policy.deadline)
    await crawls.adopt(tx, crawl_id, one.snapshot_id)
    await polls.insert(tx, crawl_id, provider=provider, snapshot_id=one.snapshot_id, seconds=0.0)
    told = CrawlTriggered(
        crawl_id=str(crawl_id),
        attempt=1,
        snapshot_id=one.snapshot_id,
        platform=UNKNOWN,
        competitor=UNKNOWN,
        provider=provider,
    )
    await tx.record(told, tenant=tenant)
    tx.ring("poll")
    return crawl_id


def _told(one: Listed, dataset_id: str, *, free: bool, crawl_id: UUID | None) -> dict[str, Any]:
    return {
        "snapshot_id": one.snapshot_id,
        "dataset_id": dataset_id,
        "status": one.status,
        "created": one.created and one.created.isoformat(),
        "note": "" if free else "an order of unknown fate is looked for since before; ask again later",
        "crawl_id": crawl_id and str(crawl_id),
    }

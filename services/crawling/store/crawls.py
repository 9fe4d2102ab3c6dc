"""Crawls as rows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.crawling.crawl import Crawl
from services.crawling.ports import Progress

if TYPE_CHECKING:
    from services.crawling.order import Order

_FIELDS = (
    "id, tenant, provider, dataset_id, platform, competitor, inputs, options, warehouse, webhook_token,"
    " submitted_at, snapshot_id, snapshot_dead, expected_records, triggered_at, deadline, purchase, listed,"
    " hinted_snapshot, agreed_records, provider_warnings, media, documents"
)


async def insert(
    tx: Transaction,
    crawl_id: UUID,
    order: "Order",
    *,
    tenant: str,
    webhook_token: str,
    deadline: timedelta,
    starts_at: datetime | None = None,
) -> None:
    """Store a new crawl beside its job. Its ``deadline`` runs from now on, or from a later start."""
    await tx.execute(
        "INSERT INTO crawls (id, tenant, provider, dataset_id, platform, competitor, inputs, options, warehouse,"
        " webhook_token, listed, keep_days, media, documents, deadline)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13, $14, $15, $16,"
        " greatest(now(), $12::timestamptz) + $11::interval)",
        crawl_id,
        tenant,
        order.provider,
        order.dataset_id,
        order.platform,
        order.competitor,
        order.provider_inputs,
        order.options,
        order.warehouse,
        webhook_token,
        deadline,
        starts_at,
        order.url is None,
        order.keep_days,
        order.media,
        order.documents,
    )


async def get(tx: Transaction, crawl_id: UUID) -> Crawl | None:
    """One crawl, or None."""
    row = await tx.fetchrow(f"SELECT {_FIELDS} FROM crawls WHERE id = $1", crawl_id)
    return _crawl(row) if row else None


async def by_snapshot(tx: Transaction, provider: str, snapshot_id: str) -> Crawl | None:
    """The crawl that owns a snapshot, or None."""
    row = await tx.fetchrow(
        f"SELECT {_FIELDS} FROM crawls WHERE provider = $1 AND snapshot_id = $2", provider, snapshot_id
    )
    return _crawl(row) if row else None


async def taken_snapshots(tx: Transaction, provider: str, dataset_id: str, *, since: Any) -> list[str]:
    """Snapshots of a dataset that crawls own already and a look-up must not adopt."""
    rows = await tx.fetch(
        "SELECT snapshot_id FROM crawls WHERE provider = $1 AND dataset_id = $2 AND snapshot_id IS NOT NULL"
        " AND triggered_at >= $3::timestamptz - interval '1 hour'",
        provider,
        dataset_id,
        since,
    )
    return [row["snapshot_id"] for row in rows]


async def intend(tx: Transaction, crawl_id: UUID, *, lease_token: int) -> bool:
    """Write down that the order is being sent, before it is; False if the job is not held any more."""
    touched = await tx.execute(
        "UPDATE crawls SET submitted_at = clock_timestamp(), doubted = doubted OR submitted_at IS NOT NULL"
        " WHERE id = $1 AND EXISTS"
        " (SELECT 1 FROM jobs WHERE id = $1 AND lease_token = $2 AND state = 'running' FOR UPDATE)",
        crawl_id,
        lease_token,
    )
    return bool(touched)


async def not_sent(tx: Transaction, crawl_id: UUID) -> None:
    """The provider refused the order for certain: nothing was bought."""
    await tx.execute(
        "UPDATE crawls SET submitted_at = NULL, purchase = purchase + (NOT doubted)::integer WHERE id = $1", crawl_id
    )


async def adopt(tx: Transaction, crawl_id: UUID, snapshot_id: str) -> None:
    """The crawl owns this snapshot from now on."""
    await tx.execute(
        "UPDATE crawls SET snapshot_id = $2, snapshot_dead = false, triggered_at = now(), ready_for_download = false,"
        " provider_status = NULL, expected_records = NULL, poll_count = 0, last_poll_time = NULL,"
        " doubted = false, hinted_snapshot = NULL, agreed_records = NULL, provider_warnings = '[]' WHERE id = $1",
        crawl_id,
        snapshot_id,
    )


async def forget_snapshot(tx: Transaction, crawl_id: UUID) -> None:
    """The next attempt buys anew."""
    await tx.execute(
        "UPDATE crawls SET snapshot_id = NULL, snapshot_dead = false, submitted_at = NULL, triggered_at = NULL,"
        " ready_for_download = false, provider_status = NULL, expected_records = NULL, poll_count = 0,"
        " last_poll_time = NULL, doubted = false, hinted_snapshot = NULL, agreed_records = NULL,"
        " provider_warnings = '[]', purchase = purchase + 1 WHERE id = $1",
        crawl_id,
    )


async def new_deadline(tx: Transaction, crawl_id: UUID, deadline: timedelta) -> None:
    """An attempt has its own time."""
    await tx.execute(
        "UPDATE crawls SET deadline = now() + $2, warehouse_state = 'none' WHERE id = $1", crawl_id, deadline
    )


async def leave_pause_out(tx: Transaction, crawl_id: UUID) -> None:
    """The time since the crawl's job was paused does not count against its deadline."""
    await tx.execute(
        "UPDATE crawls c SET deadline = c.deadline + (now() - j.paused_at) FROM jobs j"
        " WHERE c.id = $1 AND j.id = $1 AND j.paused_at IS NOT NULL",
        crawl_id,
    )


async def ready(tx: Transaction, crawl_id: UUID, progress: Progress) -> None:
    """The provider finished."""
    await tx.execute(
        "UPDATE crawls SET ready_for_download = true, provider_status = $2, expected_records = $3,"
        " agreed_records = coalesce($4, agreed_records), provider_warnings = $5 WHERE id = $1",
        crawl_id,
        progress.status,
        progress.records,
        progress.agreed,
        list(progress.warnings),
    )


async def agreed(tx: Transaction, limits: Mapping[UUID, int]) -> None:
    """The most records that the provider of each of these crawls agreed to collect."""
    await tx.execute(
        "UPDATE crawls c SET agreed_records = a.records FROM unnest($1::uuid[], $2::bigint[]) AS a(id, records)"
        " WHERE c.id = a.id AND c.agreed_records IS DISTINCT FROM a.records",
        [str(crawl_id) for crawl_id in limits],
        list(limits.values()),
    )


async def hint(tx: Transaction, crawl_id: UUID, *, provider: str, snapshot_id: str) -> None:
    """The provider named the snapshot of an order that nobody knows the fate of."""
    await tx.execute(
        "UPDATE crawls SET hinted_snapshot = $3 WHERE id = $1 AND provider = $2 AND snapshot_id IS NULL"
        " AND submitted_at IS NOT NULL",
        crawl_id,
        provider,
        snapshot_id,
    )


async def snapshot_died(tx: Transaction, crawl_id: UUID, *, status: str) -> None:
    """The provider has no result and will have none."""
    await tx.execute(
        "UPDATE crawls SET snapshot_dead = true, ready_for_download = false,"
        " provider_status = coalesce(nullif($2, ''), provider_status) WHERE id = $1",
        crawl_id,
        status,
    )


async def snapshot_gone(tx: Transaction, crawl_id: UUID, snapshot_id: str) -> None:
    """The provider will not deliver this snapshot any more, if it is still the crawl's."""
    await tx.execute(
        "UPDATE crawls SET snapshot_dead = true, ready_for_download = false WHERE id = $1 AND snapshot_id = $2",
        crawl_id,
        snapshot_id,
    )


async def proven(tx: Transaction, crawl_id: UUID, *, attempt: int, result: dict[str, Any]) -> None:
    """Keep a proven result, whatever becomes of later attempts."""
    await tx.execute("UPDATE crawls SET proven = $2 WHERE id = $1", crawl_id, {**result, "attempt": attempt})


async def is_loaded(tx: Transaction, crawl_id: UUID) -> bool:
    """Whether the rows of the current attempt are visible."""
    return bool(await tx.fetchval("SELECT warehouse_state = 'loaded' FROM crawls WHERE id = $1", crawl_id))


async def warehouse_state(tx: Transaction, crawl_id: UUID, state: str) -> None:
    """Where the rows are: none, pending, loaded or failed."""
    await tx.execute("UPDATE crawls SET warehouse_state = $2 WHERE id = $1", crawl_id, state)


def _crawl(row: Any) -> Crawl:
    fields = dict(row)
    return Crawl(**{**fields, "id": UUID(str(fields["id"]))})

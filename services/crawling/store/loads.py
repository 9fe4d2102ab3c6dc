"""Which warehouse load takes which attempt."""

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction


async def assign(
    tx: Transaction, attempts: Sequence[tuple[UUID, int]], *, load_id: UUID
) -> dict[tuple[UUID, int], UUID]:
    """Give attempts that have no load this one; returns the load of each."""
    ids = [str(crawl_id) for crawl_id, _ in attempts]
    numbers = [attempt for _, attempt in attempts]
    await tx.execute(
        "INSERT INTO loads (crawl_id, attempt, load_id) SELECT a.crawl_id, a.attempt, $3"
        " FROM unnest($1::uuid[], $2::int[]) AS a(crawl_id, attempt) ON CONFLICT DO NOTHING",
        ids,
        numbers,
        load_id,
    )
    rows = await tx.fetch(
        "SELECT crawl_id, attempt, load_id FROM loads"
        " JOIN unnest($1::uuid[], $2::int[]) AS a(crawl_id, attempt) USING (crawl_id, attempt)",
        ids,
        numbers,
    )
    return {(UUID(str(row["crawl_id"])), row["attempt"]): UUID(str(row["load_id"])) for row in rows}


async def split(tx: Transaction, load_id: UUID, own_id: Callable[[UUID, int], UUID]) -> list[UUID]:
    """Give each attempt of a load that failed a load of its own; returns those."""
    rows = await tx.fetch("SELECT crawl_id, attempt FROM loads WHERE load_id = $1 FOR UPDATE", load_id)
    own = {(str(row["crawl_id"]), row["attempt"]): own_id(UUID(str(row["crawl_id"])), row["attempt"]) for row in rows}
    await tx.execute(
        "UPDATE loads SET load_id = a.load_id FROM unnest($1::uuid[], $2::int[], $3::uuid[])"
        " AS a(crawl_id, attempt, load_id) WHERE loads.crawl_id = a.crawl_id AND loads.attempt = a.attempt",
        [crawl_id for crawl_id, _ in own],
        [attempt for _, attempt in own],
        [str(one) for one in own.values()],
    )
    return list(own.values())


async def sources(tx: Transaction, load_id: UUID) -> list[dict[str, Any]]:
    """What a load takes: one row a crawl attempt, with its constant columns."""
    rows = await tx.fetch(
        "SELECT l.crawl_id::text AS crawl_id, l.attempt, c.tenant, c.provider, c.platform, c.competitor, c.dataset_id,"
        " l.stored_at"
        " FROM loads l JOIN crawls c ON c.id = l.crawl_id WHERE l.load_id = $1 ORDER BY l.crawl_id, l.attempt",
        load_id,
    )
    return [dict(row) for row in rows]


async def may_be_seen(tx: Transaction, attempts: Collection[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Those whose crawl is completed or waits for its load; of a crawl that runs again, what that attempt ended as.

    An earlier attempt is left out once a later one is loaded.
    """
    found = await tx.fetch(
        "SELECT a.crawl_id, a.attempt FROM unnest($1::uuid[], $2::int[]) AS a(crawl_id, attempt)"
        " JOIN jobs j ON j.id = a.crawl_id JOIN crawls c ON c.id = a.crawl_id"
        " WHERE CASE WHEN j.attempt = a.attempt THEN j.state IN ('completed', 'waiting')"
        "   ELSE c.warehouse_state <> 'loaded' AND NOT EXISTS (SELECT FROM ended_attempts e"
        "     WHERE e.crawl_id = a.crawl_id AND e.attempt = a.attempt AND e.crawl->>'state' <> 'completed') END"
        " ORDER BY a.crawl_id",
        [str(crawl_id) for crawl_id, _ in attempts],
        [attempt for _, attempt in attempts],
    )
    return [(UUID(str(row["crawl_id"])), row["attempt"]) for row in found]

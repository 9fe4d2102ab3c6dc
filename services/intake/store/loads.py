"""Which warehouse load takes which dataset, and what became of it."""

from collections.abc import Callable, Collection
from typing import Any, Literal
from uuid import UUID

from infra.postgres.database import Transaction, uuids

WarehouseState = Literal["pending", "loaded", "failed"]


async def assign(tx: Transaction, ids: Collection[UUID], *, load_id: UUID) -> dict[UUID, UUID]:
    """Give datasets that have no load this one; returns the load of each that is there."""
    rows = await tx.fetch(
        "UPDATE datasets SET load_id = coalesce(load_id, $2) WHERE id = ANY($1::uuid[]) RETURNING id, load_id",
        uuids(sorted(ids)),
        load_id,
    )
    return {UUID(str(row["id"])): UUID(str(row["load_id"])) for row in rows}


async def split(tx: Transaction, load_id: UUID, own_id: Callable[[UUID], UUID]) -> list[UUID]:
    """Give each dataset of a load that failed a load of its own; returns those."""
    rows = await tx.fetch("SELECT id FROM datasets WHERE load_id = $1 ORDER BY id FOR UPDATE", load_id)
    own = {str(row["id"]): str(own_id(UUID(str(row["id"])))) for row in rows}
    await tx.execute(
        "UPDATE datasets SET load_id = a.load_id FROM unnest($1::uuid[], $2::uuid[]) AS a(id, load_id)"
        " WHERE datasets.id = a.id",
        list(own),
        list(own.values()),
    )
    return [UUID(one) for one in own.values()]


async def sources(tx: Transaction, load_id: UUID) -> list[dict[str, Any]]:
    """The datasets that a load takes, with what its rows say of each."""
    rows = await tx.fetch(
        "SELECT id::text AS id, tenant, source_id::text AS source_id, filename, created_at AS imported_at, location"
        " FROM datasets WHERE load_id = $1 ORDER BY id",
        load_id,
    )
    return [dict(row) for row in rows]


async def there(tx: Transaction, ids: Collection[UUID]) -> set[UUID]:
    """Which of these datasets are not removed."""
    rows = await tx.fetch("SELECT id FROM datasets WHERE id = ANY($1::uuid[])", uuids(ids))
    return {UUID(str(row["id"])) for row in rows}


async def settle(tx: Transaction, dataset_id: UUID, state: WarehouseState) -> None:
    """From now on the dataset says this of its rows; nothing if it was removed."""
    await tx.execute("UPDATE datasets SET warehouse = $2 WHERE id = $1", dataset_id, state)


async def is_running(tx: Transaction, job_id: UUID) -> bool:
    """Whether somebody works a job at this moment."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM jobs WHERE id = $1 AND state = 'running')", job_id))

"""Where rows lie in the objects of datasets."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from infra.postgres.database import Transaction


class Place(NamedTuple):
    """Bytes of an object, and the row they begin with; without size they go on to its end."""

    first_row: int = 0
    start: int = 0
    size: int | None = None


async def keep(tx: Transaction, dataset_id: UUID, blocks: Sequence[Sequence[int]]) -> None:
    """Remember of each block its first row, where it starts and its size."""
    first_rows, starts, sizes = zip(*blocks, strict=True)
    await tx.execute(
        "INSERT INTO dataset_blocks (dataset_id, first_row, start, size)"
        " SELECT $1, b.first_row, b.start, b.size"
        " FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS b(first_row, start, size)",
        dataset_id,
        first_rows,
        starts,
        sizes,
    )


async def holding(tx: Transaction, dataset_id: UUID, *, first: int, count: int) -> Place:
    """The blocks that hold so many rows from the first one on; the whole object where it has none."""
    row = await tx.fetchrow(
        "SELECT min(first_row) AS first_row, min(start) AS start, (max(start + size) - min(start))::bigint AS size"
        " FROM dataset_blocks WHERE dataset_id = $1 AND first_row < $2::bigint + $3 AND first_row >="
        " (SELECT max(first_row) FROM dataset_blocks WHERE dataset_id = $1 AND first_row <= $2)",
        dataset_id,
        first,
        count,
    )
    return Place() if row["start"] is None else Place(row["first_row"], row["start"], row["size"])

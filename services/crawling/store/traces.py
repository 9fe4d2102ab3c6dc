"""The traces that crawls belong to."""

from collections.abc import Iterable
from uuid import UUID

from infra.postgres.database import Transaction, uuids


async def of(tx: Transaction, crawl_ids: Iterable[UUID]) -> dict[UUID, str | None]:
    """The ``traceparent`` of each crawl."""
    found = await tx.fetch("SELECT id, traceparent FROM jobs WHERE id = ANY($1::uuid[])", uuids(crawl_ids))
    return {UUID(str(row["id"])): row["traceparent"] for row in found}

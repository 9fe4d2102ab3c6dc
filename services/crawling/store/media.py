"""Media that records link to, as rows: the manifest of url, object and status."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction


async def expect(tx: Transaction, crawl_id: UUID, urls: Sequence[str], *, tenant: str) -> None:
    """These are to be fetched; those that are known stay as they are."""
    await tx.execute(
        "INSERT INTO media (crawl_id, url, tenant) SELECT $1, u, $3 FROM unnest($2::text[]) AS u"
        " ON CONFLICT DO NOTHING",
        crawl_id,
        list(urls),
        tenant,
    )


async def pending(tx: Transaction, crawl_id: UUID, *, limit: int) -> list[str]:
    """Some that are still to be fetched."""
    rows = await tx.fetch(
        "SELECT url FROM media WHERE crawl_id = $1 AND status = 'pending' ORDER BY url LIMIT $2", crawl_id, limit
    )
    return [row["url"] for row in rows]


async def alone(tx: Transaction, tenant: str, sha256: str) -> None:
    """Until the commit nobody else stores or removes these bytes for this tenant."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('media ' || $1 || '/' || $2, 0))", tenant, sha256)


async def settle(
    tx: Transaction,
    crawl_id: UUID,
    url: str,
    *,
    status: str,
    sha256: str | None = None,
    size_bytes: int | None = None,
    content_type: str | None = None,
    detail: str | None = None,
) -> None:
    """What became of one."""
    await tx.execute(
        "UPDATE media SET status = $3, sha256 = $4, size_bytes = $5, content_type = $6, detail = $7"
        " WHERE crawl_id = $1 AND url = $2",
        crawl_id,
        url,
        status,
        sha256,
        size_bytes,
        content_type,
        detail,
    )


async def again(tx: Transaction, crawl_id: UUID) -> None:
    """What failed is to be fetched once more."""
    await tx.execute("UPDATE media SET status = 'pending' WHERE crawl_id = $1 AND status = 'failed'", crawl_id)


async def counts(tx: Transaction, crawl_id: UUID) -> Mapping[str, int]:
    """How many there are of each status, and how many objects those are that are stored."""
    row = await tx.fetchrow(
        "SELECT count(*) FILTER (WHERE status = 'pending') AS pending,"
        " count(*) FILTER (WHERE status = 'stored') AS stored, count(*) FILTER (WHERE status = 'refused') AS refused,"
        " count(*) FILTER (WHERE status = 'failed') AS failed, count(DISTINCT sha256) AS objects"
        " FROM media WHERE crawl_id = $1",
        crawl_id,
    )
    return dict(row)


async def page(tx: Transaction, crawl_id: UUID, *, tenant: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    """The manifest of a crawl, by URLs."""
    rows = await tx.fetch(
        "SELECT url, status, sha256, size_bytes, content_type, detail FROM media WHERE crawl_id = $1 AND tenant = $2"
        " AND ($3::text IS NULL OR url > $3) ORDER BY url LIMIT $4",
        crawl_id,
        tenant,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def objects(tx: Transaction, crawl_id: UUID) -> list[str]:
    """The bytes that a crawl links to, each once."""
    rows = await tx.fetch("SELECT DISTINCT sha256 FROM media WHERE crawl_id = $1 AND sha256 IS NOT NULL", crawl_id)
    return [row["sha256"] for row in rows]


async def only_of(tx: Transaction, crawl_id: UUID, *, tenant: str, sha256: str) -> bool:
    """Whether no other crawl of the tenant links to these bytes."""
    others = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM media WHERE tenant = $1 AND sha256 = $2 AND crawl_id <> $3)",
        tenant,
        sha256,
        crawl_id,
    )
    return not others


async def forget(tx: Transaction, crawl_id: UUID, *, sha256: str | None) -> int:
    """Remove the rows of some bytes of a crawl, or (None) all that are left; returns how many."""
    return await tx.execute(
        "DELETE FROM media WHERE crawl_id = $1 AND ($2::text IS NULL OR sha256 = $2)", crawl_id, sha256
    )

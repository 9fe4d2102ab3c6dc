"""Objects that nobody knows, and since when."""

from collections.abc import Collection, Mapping
from uuid import UUID

from infra.postgres.database import Transaction, uuids

# A job that is archived is not run again: it needs no file any more.
_UPLOADS = """
SELECT name FROM unnest($1::text[], $2::uuid[]) AS o (name, job_id)
WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = o.job_id)
  AND NOT EXISTS (SELECT FROM datasets d WHERE d.original = o.name)
"""
_CAPTURES = """
SELECT name FROM unnest($1::text[], $2::uuid[]) AS o (name, job_id)
WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.id = o.job_id)
  AND NOT EXISTS (SELECT FROM archived_jobs a WHERE a.job_id = o.job_id)
"""


async def of_uploads(tx: Transaction, found: Mapping[str, UUID]) -> set[str]:
    """Which of these uploads, given with the jobs they came for, neither a job nor a dataset knows."""
    return {str(row["name"]) for row in await tx.fetch(_UPLOADS, list(found), uuids(found.values()))}


async def of_captures(tx: Transaction, found: Mapping[str, UUID]) -> set[str]:
    """Which of these captures, given with the jobs they are of, no job knows, at work, over or archived."""
    return {str(row["name"]) for row in await tx.fetch(_CAPTURES, list(found), uuids(found.values()))}


async def note(tx: Transaction, names: Collection[str], *, unknown: Collection[str], seconds: float) -> list[str]:
    """Of these names the unknown ones are strays from now on, the others are not; those who are it for so long."""
    await tx.execute(
        "DELETE FROM strays WHERE name = ANY($1::text[]) AND name <> ALL($2::text[])", list(names), list(unknown)
    )
    await tx.execute(
        "INSERT INTO strays (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING", sorted(unknown)
    )
    old = await tx.fetch(
        "SELECT name FROM strays WHERE name = ANY($1::text[]) AND seen_at <= now() - $2 * interval '1 second'",
        list(unknown),
        seconds,
    )
    return [str(row["name"]) for row in old]


async def forget(tx: Transaction, *, seconds: float) -> None:
    """Those that were strays for so long are not kept in mind any more."""
    await tx.execute("DELETE FROM strays WHERE seen_at <= now() - $1 * interval '1 second'", seconds)

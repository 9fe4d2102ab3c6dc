"""Jobs whose contents are erased: the rows stay, so that what was counted stays right, and say nothing any more."""

from collections.abc import Sequence
from uuid import UUID

from infra.postgres.database import Transaction, uuids
from services.jobs.store.views import OVER


async def forget_contents(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Empty what jobs that are over were given, brought and told, their timelines too."""
    await tx.execute(
        "UPDATE jobs SET payload = '{}', metadata = '{}', result = NULL, cursor = NULL, message = NULL,"
        " error_message = CASE WHEN error_message IS NOT NULL THEN 'erased' END"
        f" WHERE id = ANY($1::uuid[]) AND {OVER}",
        uuids(ids),
    )
    await tx.execute("UPDATE job_events SET data = '{}', message = NULL WHERE job_id = ANY($1::uuid[])", uuids(ids))


async def any_under_way(tx: Transaction, ids: Sequence[UUID]) -> bool:
    """Whether one of these jobs is not over, or is on its way into the warehouse."""
    return bool(
        await tx.fetchval(
            f"SELECT EXISTS (SELECT FROM jobs WHERE id = ANY($1::uuid[]) AND NOT ({OVER}))"
            " OR EXISTS (SELECT FROM leaving_jobs WHERE job_id = ANY($1::uuid[]))",
            uuids(ids),
        )
    )

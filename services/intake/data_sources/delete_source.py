"""Remove a data source."""

from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.intake.data_sources.source import SourceNotFound
from services.intake.store import sources
from services.jobs.store import schedules
from services.jobs.store.sources import living

_MOST_COUNTED = 1_000


class SourceBuiltIn(Problem):
    """Every tenant has this source."""

    code: ClassVar[str] = "SOURCE_BUILT_IN"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The built-in data source cannot be removed"
    recovery: ClassVar[str] = "Leave it: it costs nothing. Its name and description can be changed with PATCH."


class SourceBusy(Problem):
    """Jobs of the source are not over."""

    code: ClassVar[str] = "SOURCE_BUSY"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Jobs of this data source are not over"
    recovery: ClassVar[str] = (
        'Wait for them, or cancel them with POST /api/background/jobs/cancel {"filter": {"source_id": "..."}}, and try'
        " again."
    )


async def delete_source(source_id: UUID, *, tenant: str, database: Database) -> None:
    """The source is gone, and so is its schedule; its jobs and what they made stay.

    Raises ``SourceNotFound``, ``SourceBuiltIn``, ``SourceBusy``.
    """
    async with database.transaction() as tx:
        row = await sources.lock(tx, source_id, tenant=tenant)
        if row is None:
            raise SourceNotFound
        if row["builtin"]:
            raise SourceBuiltIn
        if count := await living(tx, str(source_id), tenant=tenant, limit=_MOST_COUNTED):
            raise SourceBusy(f"{count} jobs of it are not over", jobs=count)
        await schedules.remove(tx, source_id, tenant=tenant)
        await sources.remove(tx, source_id)

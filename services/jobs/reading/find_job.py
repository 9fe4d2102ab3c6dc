"""One job, wherever it is: at work, over, or archived."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from schemas.load_source import LoadSource
from services.jobs.history.archive import Warehouse
from services.jobs.history.archived import archived, shown
from services.jobs.job_id import JobNotFound
from services.jobs.store import history, views

if TYPE_CHECKING:
    from schemas.records.archived_job import ArchivedJob

AT_ONCE = 2  # questions to the warehouse: each reads files, and many at once would take the process from all others


class History:
    """A warehouse that answers ``AT_ONCE`` questions at a time; the others wait their turn."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """See ``Warehouse``."""
        return await self._warehouse.load(load_id, table, sources)

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """See ``Warehouse``."""
        await self._warehouse.publish(table, attempts)

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """See ``Warehouse``."""
        async with self._turns:
            return await self._warehouse.find(table, equal)


def job_history(runtime: Runtime) -> Warehouse:
    """Where archived jobs are; once a process, through ``runtime.once(job_history)``."""
    return History(runtime.warehouse({}))


async def find_job(job_id: UUID, *, tenant: str, database: Database, warehouse: Warehouse) -> dict[str, Any]:
    """The job's row as ``views.one`` has it, for ``services.jobs.shapes``; lists show only what is not archived.

    Raises ``JobNotFound``, and what the warehouse raises.
    """
    async with database.reading() as tx:
        row = await views.one(tx, job_id, tenant=tenant)
        if row is not None:
            return row
        left = await history.leaving(tx, job_id)
        if left is None and not await history.has_left(tx, job_id):
            raise JobNotFound
    found = archived(left[1], load_id=left[0]) if left else await _asked(job_id, warehouse)
    if found is None or found.tenant != tenant:
        raise JobNotFound
    return shown(found)


async def _asked(job_id: UUID, warehouse: Warehouse) -> "ArchivedJob | None":
    from schemas.records.archived_job import ArchivedJob  # noqa: PLC0415  # who asks for none needs no pydantic

    rows = await warehouse.find(ArchivedJob.table, {"job_id": str(job_id)})
    # an id may have been used again after its first job was archived
    return ArchivedJob.model_validate(max(rows, key=lambda row: row["finished_at"])) if rows else None

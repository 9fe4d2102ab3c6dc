"""End a schedule."""

from uuid import UUID

from infra.postgres.database import Database
from services.jobs.schedules.schedule import ScheduleNotFound
from services.jobs.store import schedules


async def delete_schedule(schedule_id: UUID, *, tenant: str, database: Database) -> None:
    """No more jobs come of it; those that did stay. Raises ``ScheduleNotFound``."""
    async with database.transaction() as tx:
        if not await schedules.remove(tx, schedule_id, tenant=tenant):
            raise ScheduleNotFound

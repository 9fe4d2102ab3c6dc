"""Let a dead letter rest."""

from uuid import UUID

import structlog

from infra.postgres.database import Database
from services.jobs.commanding.list_dead_letters import Messages, Source
from services.jobs.store import dead

log = structlog.get_logger()


async def discard_dead_letter(letter: UUID, *, reason: str, tenant: str, database: Database, bus: Messages) -> Source:
    """It is listed no more; a job keeps the reason, and can still be retried. Raises ``DeadLetterUnknown``."""
    async with database.transaction() as tx:
        if await dead.discard(tx, letter, tenant=tenant, reason=reason):
            return "jobs"
    await bus.discard(str(letter), tenant=tenant)
    log.info("dead letter discarded", dead_letter=str(letter), reason=reason)
    return "bus"

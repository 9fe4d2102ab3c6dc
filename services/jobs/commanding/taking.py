"""What every command begins with: whose job it is, what its kind does itself, and whether the command is legal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.jobs.commanding.commands import Command, require
from services.jobs.job import Commands, Job
from services.jobs.job_id import JobNotFound
from services.jobs.kinds import Kinds
from services.jobs.store import commands as rows


async def own_commands(job_id: UUID, *, tenant: str, kinds: Kinds, database: Database) -> Commands:
    """What the job's kind does itself. Raises ``JobNotFound``."""
    async with database.reading() as tx:
        kind = await rows.kind(tx, job_id, tenant=tenant)
    if kind is None:
        raise JobNotFound
    return kinds.commands(kind)


@asynccontextmanager
async def taking(
    command: Command, job_id: UUID, *, tenant: str, kinds: Kinds, database: Database
) -> AsyncIterator[tuple[Transaction, Job]]:
    """The job, locked for a command it takes. Raises ``JobNotFound``, ``InvalidTransition``."""
    async with database.transaction() as tx:
        locked = await rows.lock(tx, [job_id], tenant=tenant)
        if not locked:
            raise JobNotFound
        require(command, locked[0], own_retry=kinds.commands(locked[0].kind).retry is not None)
        yield tx, locked[0]

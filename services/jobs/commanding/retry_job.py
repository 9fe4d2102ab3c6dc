"""Run an ended job again."""

from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.jobs.commanding.taking import own_commands, taking
from services.jobs.job import Job
from services.jobs.kinds import Kinds
from services.jobs.store import control


async def retry_job(job_id: UUID, *, tenant: str, kinds: Kinds, database: Database) -> None:
    """A new attempt with all its tries, a level ahead of its priority; a dead letter is none any more.

    Raises ``JobNotFound``, ``InvalidTransition`` and what the kind's own way to retry raises.
    """
    own = (await own_commands(job_id, tenant=tenant, kinds=kinds, database=database)).retry
    if own is not None:
        await own(job_id, tenant)
        return
    async with taking("retry", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        await start_anew(tx, job, kinds=kinds)


async def start_anew(tx: Transaction, locked: Job, *, kinds: Kinds) -> None:
    """The next attempt of a locked job begins where jobs of its kind come in."""
    await control.restart(tx, locked, state="ready", queue=kinds.home(locked.kind) or locked.queue, step=None)

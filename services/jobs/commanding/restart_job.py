"""Start a job anew, whatever it does."""

from uuid import UUID

from infra.postgres.database import Database
from services.jobs.commanding.cancel_job import end_cancelled
from services.jobs.commanding.retry_job import start_anew
from services.jobs.commanding.taking import own_commands, taking
from services.jobs.kinds import Kinds
from services.jobs.shapes import ENDED


async def restart_job(job_id: UUID, *, tenant: str, kinds: Kinds, room: int, database: Database) -> None:
    """The attempt that is under way ends as cancelled, its worker is fenced out, and the next one is queued at once.

    A kind that retries in a way of its own is restarted by that, when it is over. ``room`` is how many jobs may wait in
    one queue. Raises ``JobNotFound``, ``InvalidTransition``, ``QueueFull`` and what the kind's own way to retry raises.
    """
    own = (await own_commands(job_id, tenant=tenant, kinds=kinds, database=database)).retry
    async with taking("restart", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        if own is None:
            if job.state not in ENDED:
                await end_cancelled(tx, [job], kinds=kinds)
            return await start_anew(tx, job, kinds=kinds, room=room)
    return await own(job_id, tenant)

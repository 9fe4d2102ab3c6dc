"""Do what was wished of jobs whose workers did not: they are stopped, deaf or dead."""

import structlog

from infra.postgres.database import Database
from services.jobs.commanding.cancel_job import end_cancelled
from services.jobs.commanding.pause_job import put_aside_locked
from services.jobs.kinds import Kinds
from services.jobs.store import sweep

log = structlog.get_logger()

PATIENCE_SECONDS = 4.0  # two heartbeats: with the sweep's half second, a command is done within 5 s


async def enforce_wishes(*, kinds: Kinds, database: Database, seconds: float = PATIENCE_SECONDS) -> int:
    """Once through; returns how many jobs were taken from their workers, or ended where nobody works them."""
    async with database.transaction() as tx:
        unheard = await sweep.unheard(tx, seconds=seconds)
        await end_cancelled(tx, [job for job in unheard if job.want == "cancel"], kinds=kinds)
        await put_aside_locked(tx, [job for job in unheard if job.want == "pause"], kinds=kinds)
    for job in unheard:
        log.warning("wish enforced", wish=job.want, job_id=str(job.id), queue=job.queue)
    return len(unheard)

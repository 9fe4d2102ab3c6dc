"""Let new jobs in: their kinds accept them, their queues have room, and all of it commits together."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.postgres.database import Transaction
from infra.runtime.http.wrong_fields import placed
from infra.runtime.runtime import Runtime
from schemas.problem import Problem
from services.jobs.job import NewJob
from services.jobs.kinds import Kinds, kinds
from services.jobs.store import queue
from services.jobs.submitting.room import places, require_room


@dataclass(frozen=True, kw_only=True)
class Door:
    """What decides who comes in; ``room`` is how many jobs may wait in one queue."""

    kinds: Kinds
    room: int
    by_file: bool = False


def door(runtime: Runtime) -> Door:
    """Who comes in, as the settings say; once a process, through ``runtime.once(door)``."""
    settings = runtime.settings
    return Door(kinds=runtime.once(kinds), room=settings.max_queue_size, by_file=settings.priority_by_file)


async def admit(tx: Transaction, jobs: Sequence[NewJob], *, room: int) -> None:
    """Queue a tenant's accepted jobs, all or none; ``room`` is how many may wait in one queue. Raises ``QueueFull``."""
    for name, wanted in sorted((await places(tx, jobs)).items()):
        await require_room(tx, name, tenant=jobs[0].tenant, places=wanted, room=room)
    await queue.enqueue_many(tx, jobs)


async def accept(tx: Transaction, job: NewJob, *, door: Door) -> NewJob:
    """The job as its kind takes it. Raises what the kind refuses it with."""
    entry = door.kinds.works(job.kind)[0]
    if entry.accept is None:
        return job
    try:
        return await entry.accept(tx, job)
    except Problem as problem:
        raise placed(problem, "payload") from problem


async def try_accept(tx: Transaction, job: NewJob, *, door: Door) -> None:
    """Raises what the kind would refuse the job with, and writes nothing."""
    savepoint = tx.connection.transaction()
    await savepoint.start()
    await accept(tx, job, door=door)
    await savepoint.rollback()

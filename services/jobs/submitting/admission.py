"""Let new jobs in: their kinds accept them, their queues have room, and all of it commits together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from infra.postgres.database import Transaction
from infra.runtime.runtime import Runtime
from infra.runtime.wrong_fields import placed
from schemas.problem import Problem, ProblemClass
from services.jobs.job import NewJob
from services.jobs.kinds import Kinds, kinds
from services.jobs.store import admission, queue

PATIENCE_SECONDS = 5.0


class QueueFull(Problem):
    """So many jobs wait that another is not taken."""

    code: ClassVar[str] = "QUEUE_FULL"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 429
    title: ClassVar[str] = "The queue is full"
    recovery: ClassVar[str] = "Send it again after the time in Retry-After, add workers, or raise MAX_QUEUE_SIZE."


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
    """Queue accepted jobs, all or none; ``room`` is how many may wait in one queue. Raises ``QueueFull``."""
    for name, places in sorted(Counter(job.queue for job in jobs).items()):
        fits, waiting = await admission.free(tx, name, places=places, limit=room)
        if not fits:
            raise QueueFull(
                f"{waiting} jobs wait in {name}, {room} may; there is no room for {places} more",
                retry_after=PATIENCE_SECONDS,
                queue=name,
                waiting=waiting,
                limit=room,
            )
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

"""A queue holds so many waiting jobs and not one more, whoever brings them: new ones, and old ones that start anew."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from infra.postgres.database import Transaction
from schemas.problem import Problem, ProblemClass
from services.jobs.job import NewJob
from services.jobs.store import admission

PATIENCE_SECONDS = 5.0


class QueueFull(Problem):
    """So many jobs wait that another is not taken."""

    code: ClassVar[str] = "QUEUE_FULL"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 429
    title: ClassVar[str] = "The queue is full"
    recovery: ClassVar[str] = "Send it again after the time in Retry-After, add workers, or raise MAX_QUEUE_SIZE."

    def __init__(self, queue: str, *, places: int, room: admission.Room, limit: int) -> None:
        full = f"{room.waiting} jobs wait in {queue}, {limit} may"
        if room.share < limit:
            full = f"{queue} is full: {limit} jobs may wait there, {room.share} of each of the tenants that share it"
        super().__init__(
            f"{full}; there is no room for {places} more",
            retry_after=PATIENCE_SECONDS,
            queue=queue,
            waiting=room.waiting,
            limit=limit,
            share=room.share,
        )
        self.free = room.free


class BatchNeverFits(Problem):
    """More jobs for one queue than ever may wait there: sending it again later does not help."""

    code: ClassVar[str] = "BATCH_EXCEEDS_QUEUE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The batch has more jobs than its queue may hold"
    recovery: ClassVar[str] = "Split it into batches of at most `limit` jobs, or raise MAX_QUEUE_SIZE."


def fits_ever(wanted: Mapping[str, int], *, room: int) -> None:
    """Raises ``BatchNeverFits`` where so many jobs are wanted on a queue that never holds more than ``room``."""
    for queue, jobs in wanted.items():
        if jobs > room:
            raise BatchNeverFits(f"It has {jobs} jobs for {queue}, where {room} may wait", queue=queue, limit=room)


async def places(tx: Transaction, jobs: Sequence[NewJob]) -> Counter[str]:
    """How many places jobs take, by their queues: none where they are put off for later."""
    if all(job.due_at is None for job in jobs):
        return Counter(job.queue for job in jobs)
    soon = await admission.soon(tx)
    return Counter(job.queue for job in jobs if job.due_at is None or job.due_at <= soon)


async def require_room(tx: Transaction, queue: str, *, tenant: str, places: int = 1, room: int) -> None:
    """So many more of a tenant's may come until the commit; ``room`` is how many may wait in one queue.

    Raises ``QueueFull``: the queue is full, and the tenant has its even share of it.
    """
    found = await admission.free(tx, queue, tenant=tenant, places=places, limit=room)
    if found.free < places:
        raise QueueFull(queue, places=places, room=found, limit=room)

"""Commands as the faces give them, for jobs of kind ``k`` on queue ``q``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel

from infra.runtime.runtime import Runtime
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.change_priority import change_priority
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.commanding.pause_job import pause_job
from services.jobs.commanding.restart_job import restart_job
from services.jobs.commanding.resume_job import resume_job
from services.jobs.commanding.retry_job import retry_job
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.kinds import Kinds
from tests.contract.jobs.rig import Desk, done

TENANT = "default"
ROOM = 1_000
USE_CASES: dict[str, Callable[..., Awaitable[None]]] = {
    "cancel": cancel_job,
    "pause": pause_job,
    "resume": resume_job,
    "retry": partial(retry_job, room=ROOM),
    "restart": partial(restart_job, room=ROOM),
}


def kinds_of(work: Work | None = None) -> Kinds:
    """One kind, ``k``, that comes in on queue ``q``; its ends are announced unless its work says otherwise."""
    built = work or Work(run=done, announce=True)
    runtime = cast("Runtime", SimpleNamespace(once=lambda build: build(None)))
    return Kinds(runtime, {"work_k": works(queue="q", kind="k", accepts=lambda: BaseModel)(lambda _: built)})


@dataclass
class Commander:
    """Somebody who commands jobs."""

    desk: Desk
    kinds: Kinds

    async def __call__(self, command: str, job_id: UUID, *, tenant: str = TENANT, priority: int = 1) -> None:
        given: dict[str, Any] = {"tenant": tenant, "kinds": self.kinds, "database": self.desk.database}
        if command == "priority":
            await change_priority(job_id, priority, **given)
        else:
            await USE_CASES[command](job_id, **given)

    async def enforce(self, *, seconds: float = 4.0) -> int:
        return await enforce_wishes(kinds=self.kinds, database=self.desk.database, seconds=seconds)

    async def ends(self, job_id: UUID) -> list[tuple[int, str]]:
        """The ends that were told of a job: attempt and status."""
        found = await self.desk.database.pool.fetch(
            "SELECT data FROM events WHERE type = 'job.finished' AND data->>'job_id' = $1 ORDER BY seq", str(job_id)
        )
        return [(row["data"]["attempt"], row["data"]["status"]) for row in found]

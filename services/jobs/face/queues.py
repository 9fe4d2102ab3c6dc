"""The routes that command queues."""

from typing import Annotated, Any, ClassVar, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from infra.runtime.auth.scoped import OPERATES_ALL
from infra.runtime.http.answers import body, problems
from infra.runtime.runtime import Runtime
from schemas.problem import Problem
from services.jobs.bodies.commanding import Paused, QueueLimits
from services.jobs.commanding.limit_queue import limit_queue
from services.jobs.commanding.pause_queue import QueueNotFound, pause_queue
from services.jobs.commanding.resume_queue import AllQueuesPaused, resume_queue
from services.jobs.kinds import queues
from services.jobs.store.queues import ALL
from services.jobs.store.queues import Limits as QueueLimitsSaid

_Limit = Annotated[int | None, Field(ge=1, le=100_000)]
_Name = Annotated[str | None, Field(min_length=1, max_length=200)]


class QueueAmbiguous(Problem):
    """The address and the body name two queues."""

    code: ClassVar[str] = "QUEUE_AMBIGUOUS"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The address names one queue and the body another"
    recovery: ClassVar[str] = "Name the queue once, or the same one twice."


class NewQueueLimits(BaseModel):
    """How many jobs of a queue may run at once; null: as many as there are workers. What is not named stays."""

    model_config = ConfigDict(extra="forbid")

    queue: str
    concurrency: _Limit = None
    tenant_concurrency: _Limit = None


class Which(BaseModel):
    """One queue, or all of them."""

    model_config = ConfigDict(extra="forbid")

    queue: _Name = None


_Queue = Annotated[_Name, Query(description="Its name; all queues without it. The body may say it too.")]


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/background/queue", tags=["commands"], dependencies=[OPERATES_ALL])

    @made.post("/pause", responses=body(Paused) | problems(QueueNotFound, QueueAmbiguous))
    async def pause(queue: _Queue = None, which: Which | None = None) -> dict[str, Any]:
        """Take no more jobs from a queue, or from any; what runs runs on, and nothing is lost."""
        return _body(await pause_queue(_one(queue, which), known=queues(), database=runtime.database))

    @made.post("/resume", responses=body(Paused) | problems(QueueNotFound, QueueAmbiguous, AllQueuesPaused))
    async def resume(queue: _Queue = None, which: Which | None = None) -> dict[str, Any]:
        """Work a queue again, or all; a single one only while they are not all paused together."""
        return _body(await resume_queue(_one(queue, which), known=queues(), database=runtime.database))

    @made.put("/limits", responses=body(QueueLimits) | problems(QueueNotFound))
    async def limits(wanted: NewQueueLimits) -> dict[str, Any]:
        """Limit how many jobs of a queue run at once, over all tenants and of each; answers what holds then."""
        said = cast("QueueLimitsSaid", wanted.model_dump(exclude_unset=True, exclude={"queue"}))
        held = await limit_queue(wanted.queue, said, known=queues(), database=runtime.database)
        return {"queue": wanted.queue, **held}

    return made


def _one(queue: str | None, which: Which | None) -> str | None:
    said = {name for name in (queue, which.queue if which else None) if name is not None}
    if len(said) > 1:
        raise QueueAmbiguous
    return said.pop() if said else None


def _body(paused: list[str]) -> dict[str, Any]:
    return {"all_paused": ALL in paused, "paused": [name for name in paused if name != ALL]}

"""The routes that command single jobs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Operating
from infra.runtime.http.answers import body, problems
from infra.runtime.runtime import Runtime
from services.jobs.bodies.jobs import Job
from services.jobs.commanding.archived_job import JobArchived, not_at_hand
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.change_priority import change_priority
from services.jobs.commanding.commands import InvalidTransition
from services.jobs.commanding.pause_job import pause_job
from services.jobs.commanding.restart_job import restart_job
from services.jobs.commanding.resume_job import resume_job
from services.jobs.commanding.retry_job import retry_job
from services.jobs.job_id import JobNotFound, job_id
from services.jobs.kinds import kinds
from services.jobs.level import Level
from services.jobs.limiting import limiting
from services.jobs.reading.find_job import job_history
from services.jobs.shapes import background
from services.jobs.store import views
from services.jobs.submitting.room import QueueFull

_Done = Callable[..., Awaitable[None]]
_Commanded = Callable[[_Done, str, Caller], Awaitable[dict[str, Any]]]
_REFUSED = problems(JobNotFound, InvalidTransition, JobArchived)
_LATER = body(Job, status=202) | _REFUSED
_ANEW = body(Job, status=202) | problems(JobNotFound, InvalidTransition, JobArchived, QueueFull)
_NOW = body(Job) | _REFUSED


class NewPriority(BaseModel):
    """``priority`` is 0 to 4 or one of CRITICAL, HIGH, NORMAL, LOW, BACKGROUND."""

    model_config = ConfigDict(extra="forbid")

    priority: Level


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject. Each answers the job as the command left it."""
    made = APIRouter(prefix="/api/background/job/{job_id}", tags=["commands"])

    async def commanded(use_case: _Done, wanted: str, caller: Caller) -> dict[str, Any]:
        one = job_id(wanted)
        try:
            await use_case(one, tenant=caller.tenant, kinds=runtime.once(kinds), database=runtime.database)
        except JobNotFound as unknown:
            history = runtime.once(job_history)
            raise await not_at_hand(
                one, tenant=caller.tenant, database=runtime.database, warehouse=history
            ) from unknown
        return await _shown(runtime, one, tenant=caller.tenant)

    _endings(made, commanded)
    _beginnings(made, commanded, room=runtime.settings.max_queue_size)
    return made


def _endings(made: APIRouter, commanded: _Commanded) -> None:
    @made.delete("", status_code=202, responses=_LATER)
    async def cancel(job_id: str, caller: Operating) -> dict[str, Any]:
        """Cancel the job. One that is being worked is over within 5 s; until then `wanted` says cancel."""
        return await commanded(cancel_job, job_id, caller)

    @made.post("/pause", status_code=202, responses=_LATER)
    async def pause(job_id: str, caller: Operating) -> dict[str, Any]:
        """Put the job aside. One that is being worked is paused within 5 s; until then `wanted` says pause."""
        return await commanded(pause_job, job_id, caller)

    @made.post("/resume", status_code=202, responses=_LATER)
    async def resume(job_id: str, caller: Operating) -> dict[str, Any]:
        """Let a paused job go on where it was."""
        return await commanded(resume_job, job_id, caller)


def _beginnings(made: APIRouter, commanded: _Commanded, *, room: int) -> None:
    @made.post("/retry", status_code=202, responses=_ANEW)
    async def retry(job_id: str, caller: Operating) -> dict[str, Any]:
        """Run an ended job again, as a new attempt that goes a level ahead."""
        return await commanded(partial(retry_job, room=room), job_id, caller)

    @made.post("/restart", status_code=202, responses=_ANEW)
    async def restart(job_id: str, caller: Operating) -> dict[str, Any]:
        """Start the job anew whatever it does; an attempt under way ends as cancelled."""
        return await commanded(partial(restart_job, room=room), job_id, caller)

    async def priority(job_id: str, wanted: NewPriority, caller: Operating) -> dict[str, Any]:
        """Give a job that waits another priority, as if it had had it from the start."""
        return await commanded(partial(_prioritise, wanted.priority), job_id, caller)

    made.put("/priority", responses=_NOW)(priority)
    made.patch("/priority", responses=_NOW)(priority)


async def _prioritise(priority: int, job_id: UUID, **known: Any) -> None:
    await change_priority(job_id, priority, **known)


async def _shown(runtime: Runtime, job_id: UUID, *, tenant: str) -> dict[str, Any]:
    async with runtime.database.reading() as tx:
        row = await views.one(tx, job_id, tenant=tenant)
    if row is None:
        raise JobNotFound
    return background(row, runtime.once(limiting).of(row))

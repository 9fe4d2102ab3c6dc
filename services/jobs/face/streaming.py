"""Jobs as they change."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse

from infra.postgres.log_cursor import Cursor, InvalidCursor
from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Reading
from infra.runtime.events.feed import TooManyStreams
from infra.runtime.http.answers import problems
from infra.runtime.http.event_stream import LIFETIME_S, event_stream
from infra.runtime.http.streams import streams
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from services.jobs.face.reading import Name
from services.jobs.job_id import JobNotFound
from services.jobs.job_id import job_id as parsed
from services.jobs.reading.find_job import find_job, job_history
from services.jobs.reading.job_feed import job_feed
from services.jobs.reading.stream_jobs import stream_jobs
from services.jobs.store.lines import Watched


class Asked(BaseModel):
    """Whose updates."""

    model_config = ConfigDict(extra="forbid")

    job_id: str | None = Field(None, description="One job, also if it is over.")
    kind: Name = None
    batch_id: UUID | None = None
    source_id: Name = None


def routes(runtime: Runtime, *, lifetime_s: float = LIFETIME_S) -> APIRouter:
    """The routes of this subject; streams end after ``lifetime_s`` seconds."""
    made = APIRouter(tags=["jobs"])
    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/event-stream": {}}},
        **problems(InvalidCursor, JobNotFound, TooManyStreams, WarehouseUnavailable),
    }

    async def found(job_id: str, caller: Caller) -> dict[str, Any]:
        history = runtime.once(job_history)
        return await find_job(parsed(job_id), tenant=caller.tenant, database=runtime.database, warehouse=history)

    @made.get("/api/background/stream/progress", response_class=EventSourceResponse, responses=answers)
    async def progress(
        asked: Annotated[Asked, Query()],
        caller: Reading,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:
        """How jobs are (`snapshot`) and every change after it (`job_update`), or all since the one in Last-Event-ID."""
        cursor = Cursor.parse(last_event_id) if last_event_id else None
        feed = runtime.once(job_feed)
        feed.check_room()
        job = await found(asked.job_id, caller) if asked.job_id is not None else None
        watched = Watched(tenant=caller.tenant, **{**asked.model_dump(), "job_id": job and UUID(str(job["id"]))})
        frames = stream_jobs(watched, after=cursor, feed=feed, row=job, lifetime_s=lifetime_s)
        return event_stream(frames, feed=feed, caller=caller, streams=runtime.once(streams))

    return made

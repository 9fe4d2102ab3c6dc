"""Jobs of data sources as they change."""

from typing import Annotated, Any

from fastapi import APIRouter, Header
from sse_starlette import EventSourceResponse

from infra.postgres.log_cursor import Cursor, InvalidCursor
from infra.runtime.auth.scoped import Reading
from infra.runtime.events.feed import TooManyStreams
from infra.runtime.http.answers import problems
from infra.runtime.http.event_stream import LIFETIME_S, event_stream
from infra.runtime.http.streams import streams
from infra.runtime.runtime import Runtime
from services.intake.data_sources.find_sources import find_source
from services.intake.data_sources.source import SourceNotFound, source_id_of
from services.intake.face.data_sources import PREFIX
from services.jobs.reading.job_feed import job_feed
from services.jobs.reading.stream_jobs import stream_jobs
from services.jobs.store.lines import Watched


def routes(runtime: Runtime, *, lifetime_s: float = LIFETIME_S) -> APIRouter:
    """The routes of this subject; streams end after ``lifetime_s`` seconds."""
    made = APIRouter(prefix=PREFIX, tags=["intake"])
    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/event-stream": {}}},
        **problems(InvalidCursor, SourceNotFound, TooManyStreams),
    }

    @made.get("/stream", response_class=EventSourceResponse, responses=answers)
    async def stream(
        caller: Reading,
        source_id: str | None = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:
        """Every change (`job_update`) of jobs of all data sources, or of one, after how they are (`snapshot`).

        With Last-Event-ID it goes on there.
        """
        cursor = Cursor.parse(last_event_id) if last_event_id else None
        feed = runtime.once(job_feed)
        feed.check_room()
        if source_id is not None:
            await find_source(source_id_of(source_id), tenant=caller.tenant, database=runtime.database)
        watched = Watched(tenant=caller.tenant, source_id=source_id, sourced=True)
        frames = stream_jobs(watched, after=cursor, feed=feed, lifetime_s=lifetime_s)
        return event_stream(frames, feed=feed, caller=caller, streams=runtime.once(streams))

    return made

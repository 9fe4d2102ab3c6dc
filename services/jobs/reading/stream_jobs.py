"""Follow jobs: how they are first, then every change."""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from uuid import UUID

from sse_starlette import ServerSentEvent

from infra.postgres.log import Told
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.feed import Feed
from infra.runtime.events.follow import begin, follow
from infra.runtime.http.event_stream import LIFETIME_S, RETRY_MS, Frame, notice
from services.jobs.shapes import job_update, last_line
from services.jobs.store import lines
from services.jobs.store.lines import Line, Watched

MOST_SHOWN = 1000  # jobs in a snapshot
_PAGE = 100


async def stream_jobs(
    watched: Watched,
    *,
    after: Cursor | None,
    feed: Feed[Line],
    row: Mapping[str, Any] | None = None,
    lifetime_s: float = LIFETIME_S,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Frame | bytes]:
    """Frames of jobs that fit; ends by itself after ``lifetime_s`` seconds.

    Without a place the stream begins with ``snapshot`` frames, with one it goes on there. ``reset``: the place is not
    known any more, and a snapshot follows. ``gap``: the reader was too slow; the stream ends, and connecting again with
    the last id goes on without a loss. ``row`` is the only job that is watched: an archived one is shown as it says.
    """
    until = clock() + lifetime_s
    place, was_reset = await begin(after, feed)
    yield {"retry": RETRY_MS} if was_reset or after is None else {"retry": RETRY_MS, "id": str(place)}
    if was_reset:
        yield notice("reset", "The place is not known any more; how the jobs are now follows.")
        place, _ = await begin(None, feed)
    told_until: dict[UUID, int] = {}
    if was_reset or after is None:
        async for frame in _snapshot(watched, place, feed, told_until, row):
            yield frame
    async for told in follow(place, watched, feed=feed, until=until, clock=clock):
        if told is None:
            yield notice("gap", "The reader was too slow; connect again with the last id.")
        elif _is_news(told, told_until):
            yield told.once(_frame)


async def _snapshot(
    watched: Watched, place: Cursor, feed: Feed[Line], told_until: dict[UUID, int], row: Mapping[str, Any] | None
) -> AsyncIterator[Frame]:
    """Its last frame carries the place: who loses the stream before has not seen all, and begins anew.

    What a job told after the place may be part of what is shown already: ``told_until`` keeps up to which line.
    """
    rest, before = MOST_SHOWN, None
    while True:
        async with feed.database.reading() as tx:
            found = await lines.shown(tx, watched, epoch=place.epoch, before=before, limit=min(_PAGE, rest) + 1)
        page, more = found[: min(_PAGE, rest)], len(found) > min(_PAGE, rest)
        told_until |= {one.line["job_id"]: one.last.number for one in page if one.last and one.last > place}
        rest -= len(page)
        ends = not more or not rest
        said = [one.line for one in page] or _gone(row, watched)
        yield _shown(said, truncated=more and ends) | ({"id": str(place)} if ends else {})
        if ends:
            return
        before = page[-1].place


def _gone(row: Mapping[str, Any] | None, watched: Watched) -> list[Line]:
    said = [] if row is None else [last_line(row)]
    return [line for line in said if line in watched]


def _is_news(told: Told[Line], told_until: dict[UUID, int]) -> bool:
    if told.cursor.number <= told_until.get(told.line["job_id"], 0):
        return False
    told_until.pop(told.line["job_id"], None)
    return True


def _shown(said: list[Line], *, truncated: bool) -> Frame:
    return {
        "event": "snapshot",
        "data": _json({"jobs": [job_update(line) for line in said], "truncated": truncated}),
    }


def _frame(told: Told[Line]) -> bytes:
    data = _json(job_update(told.line))
    return ServerSentEvent(data, event="job_update", id=str(told.cursor), sep="\n").encode()


def _json(said: dict[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

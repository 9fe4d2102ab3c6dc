"""Follow the event log: what is kept after a place first, then what happens."""

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from infra.postgres.database import Database
from services.events.cursor import Cursor
from services.events.feed import Feed
from services.events.store import log
from services.events.store.log import Told, Wanted

RETRY_MS = 2000  # how long a browser waits before it connects again
LIFETIME_S = 14 * 60.0  # proxies in front of us cut at 15 min
_PAGE = 500

Frame = dict[str, Any]
"""The fields of a server-sent event: event, data, id, retry."""


async def stream_events(
    wanted: Wanted,
    *,
    after: Cursor | None,
    feed: Feed,
    database: Database,
    lifetime_s: float = LIFETIME_S,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Frame]:
    """Frames of events after a place, without one from now on; ends by itself after ``lifetime_s`` seconds.

    ``reset``: the place is not known any more, and what follows begins at the oldest event that is kept. ``gap``: the
    reader was too slow; the stream ends, and connecting again with the last id goes on without a loss.
    """
    until = clock() + lifetime_s
    place, was_reset = await _begin(after, database=database)
    yield {"retry": RETRY_MS, "id": str(place)}
    if was_reset:
        yield _notice("reset", "The place is not known any more; the oldest events that are kept follow.")
    async for told in _kept(place, wanted, database=database):
        place = told.cursor
        yield _frame(told)
    async with feed.listening(wanted) as listener:
        # What was settled between the last page and the first live event.
        async for told in _kept(place, wanted, database=database):
            place = told.cursor
            yield _frame(told)
        while (live := await listener.next(until - clock())) is not None:
            if live.cursor > place:
                yield _frame(live)
        if listener.lost and not listener.closed and clock() < until:
            yield _notice("gap", "The reader was too slow; connect again with the last id.")


async def _begin(after: Cursor | None, *, database: Database) -> tuple[Cursor, bool]:
    async with database.reading() as tx:
        if after is None:
            return await log.end(tx), False
        if await log.known(tx, after):
            return after, False
        return await log.start(tx), True


async def _kept(place: Cursor, wanted: Wanted, *, database: Database) -> AsyncIterator[Told]:
    full = True
    while full:
        async with database.reading() as tx:
            found = await log.page(tx, place, wanted, limit=_PAGE)
        for told in found:
            place = told.cursor
            yield told
        full = len(found) == _PAGE


def _frame(told: Told) -> Frame:
    data = json.dumps(told.event.structured(), ensure_ascii=False, separators=(",", ":"))
    return {"id": str(told.cursor), "event": told.event.type, "data": data}


def _notice(event: str, text: str) -> Frame:
    return {"event": event, "data": json.dumps({"message": text})}

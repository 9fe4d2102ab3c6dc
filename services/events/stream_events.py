"""Follow the event log: what is kept after a place first, then what happens."""

import json
import time
from collections.abc import AsyncIterator, Callable

from infra.postgres.log import Told
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.follow import begin, follow
from infra.runtime.http.event_stream import LIFETIME_S, RETRY_MS, Frame, notice
from schemas.envelope import Envelope
from services.events.feed import Feed
from services.events.store.log import Wanted


async def stream_events(
    wanted: Wanted,
    *,
    after: Cursor | None,
    feed: Feed,
    lifetime_s: float = LIFETIME_S,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Frame]:
    """Frames of events after a place, without one from now on; ends by itself after ``lifetime_s`` seconds.

    ``reset``: the place is not known any more, and what follows begins at the oldest event that is kept. ``gap``: the
    reader was too slow; the stream ends, and connecting again with the last id goes on without a loss.
    """
    until = clock() + lifetime_s
    place, was_reset = await begin(after, feed)
    yield {"retry": RETRY_MS, "id": str(place)}
    if was_reset:
        yield notice("reset", "The place is not known any more; the oldest events that are kept follow.")
    async for told in follow(place, wanted, feed=feed, until=until, clock=clock):
        if told is None:
            yield notice("gap", "The reader was too slow; connect again with the last id.")
        else:
            yield told.once(_frame)


def _frame(told: Told[Envelope]) -> Frame:
    data = json.dumps(told.line.structured(), ensure_ascii=False, separators=(",", ":"))
    return {"id": str(told.cursor), "event": told.line.type, "data": data}

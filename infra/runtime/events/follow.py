"""Follow a log: what is kept after a place first, then what happens, without gap or repetition."""

import time
from collections.abc import AsyncIterator, Callable

from infra.postgres.log import Line, Told, Wanted
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.feed import Feed


async def begin(after: Cursor | None, feed: Feed[Line]) -> tuple[Cursor, bool]:
    """Where to follow from: ``after``, or the end of now; and whether what lies after it is not known any more.

    Then the place is the oldest that is kept.
    """
    async with feed.database.reading() as tx:
        if after is None:
            return await feed.log.end(tx), False
        if await feed.log.known(tx, after):
            return after, False
        return await feed.log.start(tx), True


async def follow(
    place: Cursor,
    wanted: Wanted[Line],
    *,
    feed: Feed[Line],
    until: float,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Told[Line] | None]:
    """Lines after a place, until the clock says ``until`` or the feed is closed.

    None means that the reader was too slow and nothing follows: from its last place it can go on without a loss.
    """
    async for told in feed.kept(place, wanted):
        place = told.cursor
        yield told
    async with feed.listening(wanted) as listener:
        # What was settled between the last page and the first live line.
        async for told in feed.kept(place, wanted):
            place = told.cursor
            yield told
        while (live := await listener.next(until - clock())) is not None:
            if live.cursor > place:
                yield live
        if listener.lost and not listener.closed and clock() < until:
            yield None

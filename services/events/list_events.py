"""Read the event log page by page."""

from typing import Any

from infra.postgres.database import Database
from infra.postgres.log_cursor import Cursor, CursorExpired
from schemas.catalogue import event_type
from services.events.store.log import EVENTS, Wanted


async def list_events(wanted: Wanted, *, after: str | None, limit: int, database: Database) -> dict[str, Any]:
    """The next events after a place, as CloudEvents, and where to read on.

    ``next_page_token`` is always given: an empty page means that there is nothing more yet. Raises ``UnknownTopic``,
    ``InvalidCursor``, ``CursorExpired``.
    """
    if wanted.type is not None:
        event_type(wanted.type)
    given = Cursor.parse(after) if after else None
    async with database.reading() as tx:
        if given is not None and not await EVENTS.known(tx, given):
            raise CursorExpired
        place = given or await EVENTS.start(tx)
        found = await EVENTS.page(tx, place, wanted, limit=limit)
    return {
        "items": [told.line.structured() for told in found],
        "next_page_token": str(found[-1].cursor if found else place),
    }

"""Lines of a result on their way into the lake."""

from collections.abc import AsyncIterator
from uuid import UUID

from infra.postgres.database import Database, Transaction

AT_ONCE = 10  # lines read together


async def next_part(tx: Transaction, site_id: UUID, *, lines: int, whole: bool) -> int | None:
    """The number of the part to be written; None if there is none yet. Locks the order.

    A part has ``lines`` lines; ``whole`` takes what is left too. Once a part has lines they stay the same.
    """
    number: int = await tx.fetchval("SELECT parts + 1 FROM sites WHERE id = $1 FOR UPDATE", site_id)
    if await tx.fetchval(
        "SELECT EXISTS (SELECT 1 FROM site_pages WHERE site_id = $1 AND part = $2 AND state = 'told')", site_id, number
    ):
        return number
    waiting = await tx.fetch(
        "SELECT key FROM site_pages WHERE site_id = $1 AND part IS NULL AND state = 'told' ORDER BY seq LIMIT $2",
        site_id,
        lines,
    )
    if not waiting or (len(waiting) < lines and not whole):
        return None
    await tx.execute(
        "UPDATE site_pages SET part = $2 WHERE site_id = $1 AND key = ANY($3::bytea[])",
        site_id,
        number,
        [row["key"] for row in waiting],
    )
    return number


async def lines(database: Database, site_id: UUID, number: int) -> AsyncIterator[bytes]:
    """The gzipped lines of a part, in order."""
    last = 0
    while True:
        async with database.reading() as tx:
            rows = await tx.fetch(
                "SELECT seq, line FROM site_pages WHERE site_id = $1 AND part = $2 AND state = 'told' AND seq > $3"
                " ORDER BY seq LIMIT $4",
                site_id,
                number,
                last,
                AT_ONCE,
            )
        for row in rows:
            if row["line"] is not None:
                yield row["line"]
        if len(rows) < AT_ONCE:
            return
        last = rows[-1]["seq"]


async def stored(tx: Transaction, site_id: UUID, number: int) -> None:
    """The part stands in the lake."""
    await tx.execute("UPDATE site_pages SET line = NULL WHERE site_id = $1 AND part = $2", site_id, number)
    await tx.execute("UPDATE sites SET parts = $2 WHERE id = $1 AND parts = $2 - 1", site_id, number)

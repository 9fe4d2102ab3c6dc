"""Messages that are not delivered any more, whatever bus carried them: kept until they are replayed or discarded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database
from infra.runtime.events.bus import DeadLetter, DeadLetterUnknown, Place
from schemas.envelope import Envelope

COLUMNS = "event_id, type, source, tenant, subject, time, data, traceparent"

_LETTERS = UUID("5d2c4a0e-7f0b-5c58-9a5e-3a3c1c0f7b11")

_FOUND = """
SELECT * FROM dead_letters
WHERE ($2::text IS NULL OR tenant = $2) AND ($3::text IS NULL OR reason = $3)
  AND ($4::timestamptz IS NULL OR at < $4 OR (at = $4 AND id > $5::uuid))
ORDER BY at DESC, id LIMIT $1
"""

_KEEP = f"""
INSERT INTO dead_letters (id, subscription, {COLUMNS}, attempts, outcome, reason, detail, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (id) DO NOTHING
"""


class KeptLetters:
    """What every bus does with its dead letters: they are rows of one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dead_letters(
        self, limit: int, *, tenant: str | None = None, reason: str | None = None, before: Place | None = None
    ) -> list[DeadLetter]:
        """What was set aside, newest first. Raises ``DatabaseAway``."""
        async with self._database.reading() as tx:
            rows = await tx.fetch(_FOUND, limit, tenant, reason, *(before or (None, None)))
        return [dead_letter(row) for row in rows]

    async def dead_letter(self, dead_letter_id: str, *, tenant: str | None = None) -> DeadLetter:
        """One of them. Raises ``DeadLetterUnknown``, ``DatabaseAway``."""
        async with self._database.reading() as tx:
            row = await _one(tx.connection, dead_letter_id, tenant=tenant)
        return dead_letter(row)

    async def discard(self, dead_letter_id: str, *, tenant: str | None = None) -> None:
        """Forget a dead letter. Raises ``DeadLetterUnknown``, ``DatabaseAway``."""
        sql = "DELETE FROM dead_letters WHERE id = $1 AND ($2::text IS NULL OR tenant = $2)"
        async with self._database.statement() as tx:
            if await tx.execute(sql, letter_key(dead_letter_id), tenant) == 0:
                raise DeadLetterUnknown


async def keep(connection: Any, letters: Sequence[DeadLetter]) -> None:
    """Store dead letters; those that are there already stay as they are. One statement a letter, no transaction."""
    await connection.executemany(_KEEP, [_row(letter) for letter in letters])


async def locked(connection: Any, dead_letter_id: str, *, tenant: str | None) -> DeadLetter:
    """One of them, nobody else's until the transaction ends. Raises ``DeadLetterUnknown``."""
    return dead_letter(await _one(connection, dead_letter_id, tenant=tenant, lock="FOR UPDATE SKIP LOCKED"))


async def forget(connection: Any, letter: DeadLetter) -> None:
    """Delete one."""
    await connection.execute("DELETE FROM dead_letters WHERE id = $1", letter_key(letter.id))


async def _one(connection: Any, dead_letter_id: str, *, tenant: str | None, lock: str = "") -> Any:
    sql = f"SELECT * FROM dead_letters WHERE id = $1 AND ($2::text IS NULL OR tenant = $2) {lock}"
    row = await connection.fetchrow(sql, letter_key(dead_letter_id), tenant)
    if row is None:
        raise DeadLetterUnknown
    return row


def letter_key(dead_letter_id: str) -> UUID:
    """The id of a dead letter as it is stored. Raises ``DeadLetterUnknown``."""
    try:
        return UUID(dead_letter_id)
    except ValueError as error:
        raise DeadLetterUnknown from error


def letter_id(subscription: str, event_id: str, published_at: datetime | str) -> str:
    """The id of the dead letter that one publication makes in one subscription, however often it is set aside."""
    return str(uuid5(_LETTERS, f"{subscription}/{event_id}/{published_at}"))


def dead_letter(row: Any) -> DeadLetter:
    """A row as the port gives it out."""
    return DeadLetter(
        id=str(row["id"]),
        subscription=row["subscription"],
        envelope=envelope(row),
        attempts=row["attempts"],
        outcome=row["outcome"],
        reason=row["reason"],
        detail=row["detail"],
        at=row["at"],
    )


def envelope(row: Any) -> Envelope:
    """The event of a row with these ``COLUMNS``."""
    columns = ("type", "source", "tenant", "subject", "time", "data", "traceparent")
    return Envelope(id=row["event_id"], **{column: row[column] for column in columns})


def _row(letter: DeadLetter) -> tuple[Any, ...]:
    e = letter.envelope
    event = (e.id, e.type, e.source, e.tenant, e.subject, e.time, e.data, e.traceparent)
    why = (letter.attempts, letter.outcome, letter.reason, letter.detail, letter.at)
    return (letter_key(letter.id), letter.subscription, *event, *why)

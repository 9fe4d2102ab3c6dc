"""What nobody works on any more because it failed: jobs, and messages of the bus."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.events.bus import DeadLetter, Place
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from infra.runtime.telemetry.redaction import scrubbed
from services.jobs.shapes import error, instant
from services.jobs.store import dead
from services.jobs.store.dead import Dead

Source = Literal["jobs", "bus"]


class Messages(Protocol):
    """The bus, as far as dead letters go."""

    async def dead_letters(
        self, limit: int, *, tenant: str, reason: str | None = None, before: Place | None = None
    ) -> list[DeadLetter]:
        """What was set aside, newest first, from just after a place."""

    async def dead_letter(self, dead_letter_id: str, *, tenant: str) -> DeadLetter:
        """One of them. Raises ``DeadLetterUnknown``."""

    async def replay(self, dead_letter_id: str, *, tenant: str) -> None:
        """Deliver a dead letter again. Raises ``DeadLetterUnknown``, ``SubscriptionGone``."""

    async def discard(self, dead_letter_id: str, *, tenant: str) -> None:
        """Forget a dead letter. Raises ``DeadLetterUnknown``."""


async def list_dead_letters(
    wanted: Dead, *, source: Source | None, page_size: int, page_token: str | None, database: Database, bus: Messages
) -> dict[str, Any]:
    """``items``, the last to fail first, and ``next_page_token`` (None at the end).

    Messages have neither kind nor queue: whoever asks for these gets jobs only. Raises ``InvalidPage``.
    """
    asked = [source, wanted.tenant, wanted.kind, wanted.queue, wanted.code]
    before = read_page_token(page_token, tuple[Moment, UUID], asked=asked, seal=database.seal) if page_token else None
    items: list[tuple[datetime, UUID, dict[str, Any]]] = []
    if source != "bus":
        async with database.reading() as tx:
            failed = await dead.page(tx, wanted, before=before, limit=page_size + 1)
        items += [(row["finished_at"], UUID(str(row["id"])), _job(row)) for row in failed]
    if source != "jobs" and wanted.kind is None and wanted.queue is None:
        found = await bus.dead_letters(page_size + 1, tenant=wanted.tenant, reason=wanted.code, before=before)
        items += [(one.at, UUID(one.id), _message(one)) for one in found]
    items.sort(key=_order)
    more, items = len(items) > page_size, items[:page_size]
    token = write_page_token(items[-1][:2], asked=asked, seal=database.seal) if more else None
    return {"items": [body for _, _, body in items], "next_page_token": token}


def _order(one: tuple[datetime, UUID, Any]) -> tuple[float, UUID]:
    return (-one[0].timestamp(), one[1])


async def find_dead_letter(letter: UUID, *, tenant: str, database: Database, bus: Messages) -> dict[str, Any]:
    """One of them, with its ``content``: a job's payload or an event's data, without credentials.

    Raises ``DeadLetterUnknown``.
    """
    async with database.reading() as tx:
        row = await dead.one(tx, letter, tenant=tenant)
    if row is not None:
        return {**_job(row), "content": scrubbed(row["payload"])}
    message = await bus.dead_letter(str(letter), tenant=tenant)
    return {**_message(message), "content": scrubbed(message.envelope.data)}


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "source": "jobs",
        "kind": row["kind"],
        "queue": row["queue"],
        "attempt": row["attempt"],
        "tries": row["tries"] + 1,
        "code": row["error_code"],
        "reason": row["error_message"],
        "error": error(row),
        "payload": f"/api/background/job/{row['id']}",
        "source_id": row["source_id"],
        "failed_at": instant(row["finished_at"]),
    }


def _message(one: DeadLetter) -> dict[str, Any]:
    return {
        "id": one.id,
        "source": "bus",
        "kind": one.envelope.type,
        "queue": one.subscription,
        "attempt": 1,
        "tries": one.attempts,
        "code": one.reason,
        "reason": one.detail,
        "error": None,
        "payload": f"/api/background/dead-letters/{one.id}",
        "source_id": None,
        "failed_at": instant(one.at),
    }

"""Dead letters of jobs and of a bus, and their list."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra.runtime.events.bus import DeadLetter, DeadLetterUnknown, Place, SubscriptionGone
from schemas.event import envelop
from services.jobs.commanding.list_dead_letters import list_dead_letters
from services.jobs.store.dead import Dead
from tests.contract.jobs.rig import EVENT, Desk, Final, failing


@dataclass
class Letters:
    """A bus that only has dead letters; the real one has its own tests."""

    found: list[DeadLetter] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    async def dead_letters(
        self, limit: int, *, tenant: str, reason: str | None = None, before: Place | None = None
    ) -> list[DeadLetter]:
        self.asked.append(limit)
        mine = [one for one in self.found if one.envelope.tenant == tenant and reason in {None, one.reason}]
        mine.sort(key=lambda one: (-one.at.timestamp(), one.id))
        return [one for one in mine if before is None or (-one.at.timestamp(), one.id) > _place(before)][:limit]

    async def dead_letter(self, dead_letter_id: str, *, tenant: str) -> DeadLetter:
        for one in await self.dead_letters(len(self.found), tenant=tenant):
            if one.id == dead_letter_id:
                return one
        raise DeadLetterUnknown

    async def replay(self, dead_letter_id: str, *, tenant: str) -> None:
        await self.dead_letter(dead_letter_id, tenant=tenant)
        if dead_letter_id in self.replayed:
            raise SubscriptionGone
        self.replayed.append(dead_letter_id)

    async def discard(self, dead_letter_id: str, *, tenant: str) -> None:
        await self.dead_letter(dead_letter_id, tenant=tenant)
        self.discarded.append(dead_letter_id)


def _place(before: Place) -> tuple[float, str]:
    return (-before[0].timestamp(), str(before[1]))


def letter(*, tenant: str = "default", ago: float = 0.0) -> DeadLetter:
    now = datetime.now(UTC)
    return DeadLetter(
        id=str(uuid4()),
        subscription="push",
        envelope=envelop(EVENT, time=now, tenant=tenant),
        attempts=20,
        outcome="exhausted",
        reason="PASSING",
        detail="nobody answered",
        at=now - timedelta(seconds=ago),
    )


async def dead(desk: Desk, count: int = 1, **changes: Any) -> list[UUID]:
    """Jobs that failed one after the other."""
    queued = await desk.queue(count, **changes)
    await desk.drain(failing(Final("not what was promised")))
    for age, one in enumerate(queued):
        await desk.change(one, f"finished_at = now() - interval '{age} minutes'")
    return queued


async def listed(desk: Desk, bus: Letters | None = None, **asked: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    token, source, size = None, asked.pop("source", None), asked.pop("page_size", 2)
    while True:
        page = await list_dead_letters(
            Dead(**{"tenant": "default", **asked}),
            source=source,
            page_size=size,
            page_token=token,
            database=desk.database,
            bus=bus or Letters(),
        )
        items += page["items"]
        if (token := page["next_page_token"]) is None:
            return items

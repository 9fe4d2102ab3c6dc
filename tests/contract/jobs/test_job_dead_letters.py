"""Dead letters: listed with their reasons, replayed, or discarded."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from infra.runtime.bus import DeadLetter, DeadLetterUnknown, SubscriptionGone
from infra.runtime.page_token import InvalidPage
from schemas.event import envelop
from services.jobs.commanding import replay_dead_letter as replay
from services.jobs.commanding.list_dead_letters import list_dead_letters
from services.jobs.commanding.replay_dead_letter import (
    Replay,
    discard_dead_letter,
    replay_dead_letter,
    replay_dead_letters,
)
from services.jobs.store import dead as store
from services.jobs.store.dead import Dead
from services.jobs.submitting.room import QueueFull
from tests.contract.jobs.commanding import ROOM, kinds_of
from tests.contract.jobs.rig import EVENT, Desk, Final, failing


@dataclass
class Letters:
    """A bus that only has dead letters; the real one has its own tests."""

    found: list[DeadLetter] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        return self.found[:limit]

    async def replay(self, dead_letter_id: str) -> None:
        if dead_letter_id in self.replayed:
            raise SubscriptionGone
        self.replayed.append(dead_letter_id)

    async def discard(self, dead_letter_id: str) -> None:
        self.discarded.append(dead_letter_id)


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


async def test_a_failed_job_is_listed_with_its_reason_and_where_its_payload_is(desk: Desk) -> None:
    [job_id] = await dead(desk, source_id="s")

    [item] = await listed(desk)

    assert (item["id"], item["source"], item["kind"], item["queue"]) == (str(job_id), "jobs", "k", "q")
    assert (item["code"], item["reason"], item["attempt"]) == ("FINAL", "not what was promised", 1)
    assert item["payload"] == f"/api/background/job/{job_id}"
    assert item["error"]["recovery"]


async def test_jobs_and_messages_are_listed_together_the_last_first_page_after_page(desk: Desk) -> None:
    jobs = await dead(desk, 3)
    bus = Letters([letter(ago=30.0), letter(ago=90.0), letter(tenant="other", ago=100.0)])

    found = await listed(desk, bus)

    assert [one["id"] for one in found] == [
        str(jobs[0]),
        bus.found[0].id,
        str(jobs[1]),
        bus.found[1].id,
        str(jobs[2]),
    ]
    assert [one["id"] for one in await listed(desk, bus, source="bus")] == [one.id for one in bus.found[:2]]
    assert [one["id"] for one in await listed(desk, bus, source="jobs")] == [str(one) for one in jobs]


async def test_the_list_can_be_narrowed(desk: Desk) -> None:
    [job_id] = await dead(desk)

    for asked in ({"kind": "other"}, {"queue": "other"}, {"code": "OTHER"}, {"tenant": "other"}):
        assert await listed(desk, **asked) == []
    assert [one["id"] for one in await listed(desk, kind="k", queue="q", code="FINAL")] == [str(job_id)]


async def test_a_forged_token_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidPage):
        await list_dead_letters(
            Dead(tenant="default"),
            source=None,
            page_size=2,
            page_token="forged",
            database=desk.database,
            bus=Letters(),
        )


async def test_a_replayed_job_runs_again_and_is_no_dead_letter_any_more(desk: Desk) -> None:
    [job_id] = await dead(desk)
    given: dict[str, Any] = {
        "tenant": "default",
        "kinds": kinds_of(),
        "room": ROOM,
        "database": desk.database,
        "bus": Letters(),
    }

    assert await replay_dead_letter(job_id, **given) == "jobs"

    assert (await desk.row(job_id))["attempt"] == 2
    assert await listed(desk) == []
    with pytest.raises(DeadLetterUnknown):
        await replay_dead_letter(job_id, **given)


async def test_a_replayed_message_is_delivered_again_and_others_messages_are_unknown(desk: Desk) -> None:
    bus = Letters([letter(), letter(tenant="other")])
    given: dict[str, Any] = {
        "tenant": "default",
        "kinds": kinds_of(),
        "room": ROOM,
        "database": desk.database,
        "bus": bus,
    }

    assert await replay_dead_letter(UUID(bus.found[0].id), **given) == "bus"
    with pytest.raises(DeadLetterUnknown):
        await replay_dead_letter(UUID(bus.found[1].id), **given)

    assert bus.replayed == [bus.found[0].id]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_what_fits_is_replayed(desk: Desk, *, dry_run: bool) -> None:
    jobs = await dead(desk, 3)
    bus = Letters([letter()])
    given: dict[str, Any] = {
        "tenant": "default",
        "kinds": kinds_of(),
        "room": ROOM,
        "database": desk.database,
        "bus": bus,
    }

    told = await replay_dead_letters(Replay(code="FINAL", limit=2, dry_run=dry_run), **given)
    messages = await replay_dead_letters(Replay(source="bus", dry_run=dry_run), **given)

    changed = 0 if dry_run else 2
    assert told == {"dry_run": dry_run, "matched": 2, "changed": changed, "refused": 0, "stopped": None}
    assert [await desk.state(one) for one in jobs] == ["ready"] * changed + ["failed"] * (3 - changed)
    assert (messages["matched"], len(bus.replayed)) == (1, 0 if dry_run else 1)


async def test_a_replay_stops_where_the_queue_is_full_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    jobs = await dead(desk, 6)
    given: dict[str, Any] = {"tenant": "default", "kinds": kinds_of(), "database": desk.database, "bus": Letters()}

    told = await replay_dead_letters(Replay(), room=3, **given)

    assert (told["matched"], told["changed"], told["refused"], told["stopped"]["code"]) == (3, 3, 0, "QUEUE_FULL")
    assert [await desk.state(one) for one in jobs] == ["ready"] * 3 + ["failed"] * 3
    with pytest.raises(QueueFull):
        await replay_dead_letter(jobs[-1], room=3, **given)


async def test_many_are_replayed_some_at_a_time_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    jobs = await dead(desk, 5)
    given: dict[str, Any] = {"tenant": "default", "kinds": kinds_of(), "database": desk.database, "bus": Letters()}

    counted = await replay_dead_letters(Replay(dry_run=True), room=9, **given)
    told = await replay_dead_letters(Replay(), room=9, **given)

    assert (counted["matched"], told["matched"], told["changed"]) == (5, 5, 5)
    assert {(await desk.row(one))["attempt"] for one in jobs} == {2}


async def test_a_replay_reads_no_more_of_a_dead_letter_than_its_name(desk: Desk) -> None:
    await dead(desk)

    async with desk.database.reading() as tx:
        [row] = await store.names(tx, Dead(tenant="default"), before=None, limit=1)

    assert set(row) == {"id", "kind", "finished_at"}


async def test_what_refuses_to_be_replayed_is_counted(desk: Desk) -> None:
    gone = letter()
    bus = Letters([gone], replayed=[gone.id])

    told = await replay_dead_letters(
        Replay(source="bus"), tenant="default", kinds=kinds_of(), room=ROOM, database=desk.database, bus=bus
    )

    assert (told["matched"], told["changed"], told["refused"]) == (1, 0, 1)


async def test_a_discarded_job_is_listed_no_more_keeps_the_reason_and_can_be_retried(desk: Desk) -> None:
    [job_id] = await dead(desk)
    given = {"tenant": "default", "database": desk.database, "bus": cast("Any", Letters())}

    assert await discard_dead_letter(job_id, reason="old news", **given) == "jobs"

    row = await desk.row(job_id)
    assert (row["state"], row["discard_reason"], await listed(desk)) == ("failed", "old news", [])
    assert (await desk.told(job_id))[-1] == "discarded"
    with pytest.raises(DeadLetterUnknown):
        await discard_dead_letter(job_id, reason="again", **given)


async def test_a_discarded_message_is_forgotten(desk: Desk) -> None:
    bus = Letters([letter()])

    given = {"tenant": "default", "database": desk.database, "bus": bus}
    assert await discard_dead_letter(UUID(bus.found[0].id), reason="old news", **given) == "bus"

    assert bus.discarded == [bus.found[0].id]


async def test_control_a_job_that_did_not_fail_is_no_dead_letter(desk: Desk) -> None:
    [job_id] = await desk.queue()

    assert await listed(desk) == []
    with pytest.raises(DeadLetterUnknown):
        await discard_dead_letter(job_id, reason="x", tenant="default", database=desk.database, bus=Letters())

"""Dead letters get another chance: one, or all that fit."""

from typing import Any
from uuid import UUID

import pytest

from infra.runtime.events.bus import DeadLetterUnknown
from services.jobs.commanding import replay_dead_letter as replay
from services.jobs.commanding.replay_dead_letter import (
    DeadFilter,
    Replay,
    replay_dead_letter,
    replay_dead_letters,
)
from services.jobs.store import dead as store
from services.jobs.store.dead import Dead
from services.jobs.submitting.room import QueueFull
from tests.contract.jobs.commanding import ROOM, kinds_of
from tests.contract.jobs.letters import Letters, dead, letter, listed
from tests.contract.jobs.rig import Desk

JOBS, MESSAGES = DeadFilter(source="jobs"), DeadFilter(source="bus")


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

    told = await replay_dead_letters(Replay(filter=DeadFilter(code="FINAL"), limit=2, dry_run=dry_run), **given)
    messages = await replay_dead_letters(Replay(filter=MESSAGES, dry_run=dry_run), **given)

    changed = 0 if dry_run else 2
    assert told == {"dry_run": dry_run, "matched": 2, "changed": changed, "refused": 0, "stopped": None}
    assert [await desk.state(one) for one in jobs] == ["ready"] * changed + ["failed"] * (3 - changed)
    assert (messages["matched"], len(bus.replayed)) == (1, 0 if dry_run else 1)


async def test_a_replay_stops_where_the_queue_is_full_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    jobs = await dead(desk, 6)
    given: dict[str, Any] = {"tenant": "default", "kinds": kinds_of(), "database": desk.database, "bus": Letters()}

    told = await replay_dead_letters(Replay(filter=JOBS), room=3, **given)

    assert (told["matched"], told["changed"], told["refused"], told["stopped"]["code"]) == (3, 3, 0, "QUEUE_FULL")
    assert [await desk.state(one) for one in jobs] == ["ready"] * 3 + ["failed"] * 3
    with pytest.raises(QueueFull):
        await replay_dead_letter(jobs[-1], room=3, **given)


async def test_many_are_replayed_some_at_a_time_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    jobs = await dead(desk, 5)
    given: dict[str, Any] = {"tenant": "default", "kinds": kinds_of(), "database": desk.database, "bus": Letters()}

    counted = await replay_dead_letters(Replay(filter=JOBS, dry_run=True), room=9, **given)
    told = await replay_dead_letters(Replay(filter=JOBS), room=9, **given)

    assert (counted["matched"], told["matched"], told["changed"]) == (5, 5, 5)
    assert {(await desk.row(one))["attempt"] for one in jobs} == {2}


async def test_a_replay_reads_no_more_of_a_dead_letter_than_its_name(desk: Desk) -> None:
    await dead(desk)

    async with desk.database.reading() as tx:
        [row] = await store.names(tx, Dead(tenant="default"), before=None, limit=1)

    assert set(row) == {"id", "kind", "finished_at"}


async def test_many_messages_are_replayed_some_at_a_time_each_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    mine = [letter(ago=1.0 * number) for number in range(5)]
    bus = Letters([letter(tenant="other"), *mine])

    told = await replay_dead_letters(
        Replay(filter=MESSAGES, limit=4), tenant="default", kinds=kinds_of(), room=ROOM, database=desk.database, bus=bus
    )

    assert (told["matched"], told["changed"]) == (4, 4)
    assert bus.replayed == [one.id for one in mine[:4]]


async def test_what_refuses_to_be_replayed_is_counted(desk: Desk) -> None:
    gone = letter()
    bus = Letters([gone], replayed=[gone.id])

    told = await replay_dead_letters(
        Replay(filter=MESSAGES), tenant="default", kinds=kinds_of(), room=ROOM, database=desk.database, bus=bus
    )

    assert (told["matched"], told["changed"], told["refused"]) == (1, 0, 1)

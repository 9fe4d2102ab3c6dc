"""Commands to many jobs at once: what fits, nothing else, in bounded batches, with honest counts."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from services.jobs.commanding import command_jobs
from services.jobs.commanding.command_jobs import Bulk, BulkPriority, Commanding, Many
from services.jobs.commanding.retry_job import start_those_that_fit
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Commands, Work
from services.jobs.kinds import Kinds
from services.jobs.store import commands
from services.jobs.store.admission import Room
from services.jobs.submitting.room import QueueFull
from tests.contract.jobs.commanding import ROOM, kinds_of
from tests.contract.jobs.rig import Desk, Final, done, failing


async def command(
    desk: Desk, wanted: Many, *, kinds: Kinds | None = None, room: int = ROOM, to: int | None = None, **said: Any
) -> dict[str, Any]:
    limits = {name: said.pop(name) for name in ("limit", "dry_run") if name in said}
    commanding = Commanding(
        command=wanted,
        tenant="default",
        kinds=kinds or kinds_of(),
        room=room,
        database=desk.database,
        priority=to,
    )
    return await commanding.all(Bulk(filter=said, **limits))


async def test_only_what_fits_is_commanded(desk: Desk) -> None:
    batch = uuid4()
    mine = await desk.queue(3, source_id="s", batch_id=batch, priority=1)
    others = [
        *await desk.queue(source_id="t", batch_id=batch),
        *await desk.queue(source_id="s", batch_id=batch, tenant="other"),
        *await desk.queue(source_id="s", batch_id=batch, queue="other", priority=1),
    ]

    told = await command(desk, "cancel", kind="k", queue="q", source_id="s", batch_id=batch, priority=1)

    assert told == {
        "command": "cancel",
        "dry_run": False,
        "matched": 3,
        "changed": 3,
        "refused": 0,
        "more": False,
        "stopped": None,
    }
    assert [await desk.state(one) for one in (*mine, *others)] == ["cancelled"] * 3 + ["ready"] * 3


async def test_a_dry_run_counts_and_changes_nothing(desk: Desk) -> None:
    await desk.queue(5)

    told = await command(desk, "cancel", kind="k", dry_run=True)

    assert (told["matched"], told["changed"], told["dry_run"]) == (5, 0, True)
    assert await desk.states() == {"ready": 5}


async def test_a_limit_takes_the_oldest_and_says_that_there_is_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_jobs, "BATCH", 2)
    queued = await desk.queue(7)
    for age, one in enumerate(reversed(queued)):
        await desk.change(one, f"created_at = now() - interval '{age} minutes'")

    told = await command(desk, "cancel", kind="k", limit=5)

    assert (told["matched"], told["changed"], told["more"]) == (5, 5, True)
    assert [await desk.state(one) for one in queued] == ["cancelled"] * 5 + ["ready"] * 2
    assert (await command(desk, "cancel", kind="k"))["more"] is False
    assert await desk.states() == {"cancelled": 7}


async def test_what_runs_gets_a_wish_and_what_is_over_is_left_alone(desk: Desk) -> None:
    running = await desk.held()
    [waits] = await desk.queue()
    [over] = await desk.queue(state="completed")

    told = await command(desk, "cancel", kind="k")

    assert (told["matched"], told["changed"]) == (2, 2)
    assert [await desk.state(one) for one in (running.id, waits, over)] == ["running", "cancelled", "completed"]
    assert (await desk.row(running.id))["want"] == "cancel"


async def test_a_retry_means_what_failed_unless_something_else_is_said(desk: Desk) -> None:
    [failed] = await desk.queue()
    await desk.drain(failing(Final()))
    [completed] = await desk.queue(state="completed")

    first = await command(desk, "retry", kind="k")
    states = [await desk.state(failed), await desk.state(completed)]
    second = await command(desk, "retry", kind="k", status="completed")

    assert (first["changed"], states) == (1, ["ready", "completed"])
    assert (second["changed"], await desk.state(completed)) == (1, "ready")


async def test_a_retry_stops_where_a_queue_is_full_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_jobs, "BATCH", 4)
    failed = await desk.queue(9, state="failed")
    for age, one in enumerate(reversed(failed)):
        await desk.change(one, f"created_at = now() - interval '{age} minutes'")
    await desk.queue(2)

    answer = await command(desk, "retry", kind="k", room=8)

    assert [answer[name] for name in ("matched", "changed", "refused", "more")] == [6, 6, 0, True]
    assert (answer["stopped"]["code"], answer["stopped"]["queue"], answer["stopped"]["limit"]) == ("QUEUE_FULL", "q", 8)
    assert [await desk.state(one) for one in failed] == ["ready"] * 6 + ["failed"] * 3


async def test_control_where_there_is_room_for_all_it_does_not(desk: Desk) -> None:
    await desk.queue(9, state="failed")
    await desk.queue(2)

    answer = await command(desk, "retry", kind="k", room=11)

    assert (answer["changed"], answer["more"], answer["stopped"]) == (9, False, None)


async def test_however_many_are_retried_the_jobs_are_written_once(desk: Desk) -> None:
    failed = await desk.queue(5, state="failed")
    asked: list[str] = []
    async with desk.database.transaction() as tx:
        with tx.connection.query_logger(lambda record: asked.append(record.query)):
            jobs = await commands.lock(tx, failed, tenant="default")
            await start_those_that_fit(tx, jobs, kinds=kinds_of(), room=ROOM)
            await asyncio.sleep(0)  # loggers are told in the next round of the loop

    assert sum("UPDATE jobs" in one for one in asked) == 1
    assert [await desk.told(one) for one in failed] == [["attempt_started"]] * 5
    assert {(await desk.row(one))["attempt"] for one in failed} == {2}


async def test_retries_at_once_and_what_is_submitted_meanwhile_share_the_room(desk: Desk) -> None:
    for source in "abcd":
        await desk.queue(9, state="failed", source_id=source)

    await asyncio.gather(*(command(desk, "retry", source_id=source, room=20) for source in "abcd"))

    assert await desk.states() == {"ready": 20, "failed": 16}


async def test_a_kinds_own_retry_stops_where_a_queue_is_full_too(desk: Desk) -> None:
    did: list[UUID] = []

    async def retry(job_id: UUID, tenant: str) -> None:
        if did:
            raise QueueFull("q", places=1, room=Room(free=0, waiting=1, share=1), limit=1)
        did.append(job_id)

    await desk.queue(3, state="failed")
    answer = await command(desk, "retry", kind="k", kinds=kinds_of(Work(run=done, commands=Commands(retry=retry))))

    assert [answer[name] for name in ("matched", "changed", "refused", "more")] == [1, 1, 0, True]
    assert answer["stopped"]["code"] == "QUEUE_FULL"


async def test_priorities_change_where_they_still_matter(desk: Desk) -> None:
    await desk.held(priority=3)
    await desk.queue(2, priority=4)

    told = await command(desk, "priority", kind="k", to=1)

    assert (told["matched"], told["changed"]) == (2, 2)


async def test_the_same_order_again_goes_on_where_the_limit_ended_it(desk: Desk) -> None:
    await desk.queue(5)

    told = [await command(desk, "priority", to=4, kind="k", limit=3) for _ in range(3)]

    assert [(one["matched"], one["changed"], one["more"]) for one in told] == [
        (3, 3, True),
        (2, 2, False),
        (0, 0, False),
    ]


async def test_priorities_change_the_order(desk: Desk) -> None:
    low, normal = (await desk.queue(priority=4)) + (await desk.queue(priority=2))
    commanding = Commanding(
        command="priority", tenant="default", kinds=kinds_of(), room=ROOM, database=desk.database, priority=0
    )

    await commanding.all(BulkPriority(filter={"priority": "BACKGROUND"}, priority="CRITICAL"))

    assert [job.id for job in await desk.claim(2)] == [low, normal]


async def test_a_kinds_own_way_is_taken_one_by_one_and_what_it_refuses_is_counted(desk: Desk) -> None:
    refusing, willing = await desk.queue(2)
    did: list[UUID] = []

    async def cancel(job_id: UUID, tenant: str) -> None:
        if job_id == refusing:
            raise Final
        did.append(job_id)

    told = await command(desk, "cancel", kind="k", kinds=kinds_of(Work(run=done, commands=Commands(cancel=cancel))))

    assert (told["matched"], told["changed"], told["refused"], did) == (2, 1, 1, [willing])


async def test_control_what_is_no_refusal_is_not_swallowed(desk: Desk) -> None:
    await desk.queue()

    async def cancel(job_id: UUID, tenant: str) -> None:
        raise LeaseLost

    with pytest.raises(LeaseLost):
        await command(desk, "cancel", kind="k", kinds=kinds_of(Work(run=done, commands=Commands(cancel=cancel))))


@pytest.mark.parametrize("said", [{}, {"kind": None}, {"kind": ""}, {"state": "ready"}, {"status": "odd"}])
def test_a_filter_that_says_nothing_or_nonsense_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Bulk(filter=said)


@pytest.mark.parametrize("limit", [0, 10_001])
def test_so_many_at_once_are_refused(limit: int) -> None:
    with pytest.raises(ValidationError):
        Bulk(filter={"kind": "k"}, limit=limit)

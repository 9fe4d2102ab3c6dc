"""What commands do to jobs: the whole table of states and commands, and who is told."""

from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from services.jobs.commanding.commands import COMMANDS, TABLE, InvalidTransition
from services.jobs.engine.settle import LeaseLost, settle
from services.jobs.job import Done, Work
from services.jobs.job_id import JobNotFound
from services.jobs.rank import AGEING_SECONDS
from services.jobs.store import held
from tests.contract.jobs.commanding import Commander, kinds_of
from tests.contract.jobs.rig import Desk, Final, failing, for_ever

ENDED = ("completed", "failed", "cancelled")

# situation → what may be commanded there, as callers were promised
PROMISED = {
    "ready": {"cancel", "pause", "restart", "priority"},
    "scheduled": {"cancel", "pause", "restart", "priority"},
    "waiting": {"cancel", "pause", "restart", "priority"},
    "running": {"cancel", "pause", "restart"},
    "pausing": {"cancel", "pause", "resume", "restart"},
    "cancelling": {"cancel", "restart"},
    "paused": {"cancel", "resume", "restart", "priority"},
    "completed": {"retry", "restart"},
    "failed": {"retry", "restart"},
    "cancelled": {"retry", "restart"},
}

# situation, command → the state and the wish right after it
AFTER = {
    **{(where, "cancel"): ("cancelled", None) for where in ("ready", "scheduled", "waiting", "paused")},
    **{(where, "cancel"): ("running", "cancel") for where in ("running", "pausing", "cancelling")},
    **{(where, "pause"): ("paused", None) for where in ("ready", "scheduled", "waiting")},
    **{(where, "pause"): ("running", "pause") for where in ("running", "pausing")},
    ("pausing", "resume"): ("running", None),
    ("paused", "resume"): ("ready", None),
    **{(where, "retry"): ("ready", None) for where in ENDED},
    **{(where, "restart"): ("ready", None) for where in PROMISED},
    **{(where, "priority"): (where, None) for where in ("ready", "scheduled", "waiting", "paused")},
}


@pytest.fixture
def command(desk: Desk) -> Commander:
    return Commander(desk, kinds_of())


async def there(desk: Desk, command: Commander, where: str) -> UUID:
    """A job in a situation, brought there as jobs get there."""
    [job_id] = await desk.queue(state=where if where in {"scheduled", "waiting"} else "ready")
    match where:
        case "running" | "pausing" | "cancelling":
            await desk.claim()
            if where != "running":
                await command({"pausing": "pause", "cancelling": "cancel"}[where], job_id)
        case "paused":
            await command("pause", job_id)
        case "cancelled":
            await command("cancel", job_id)
        case "completed":
            await desk.drain()
        case "failed":
            await desk.drain(failing(Final()))
    return job_id


def test_the_table_is_the_promised_one() -> None:
    assert {where: set(taken) for where, taken in TABLE.items()} == PROMISED
    assert set(AFTER) == {(where, command) for where, taken in PROMISED.items() for command in taken}


@pytest.mark.parametrize("where", PROMISED)
async def test_a_command_is_done_where_it_is_legal_and_refused_with_the_legal_ones_elsewhere(
    desk: Desk, command: Commander, where: str
) -> None:
    for wanted in COMMANDS:
        job_id = await there(desk, command, where)
        before = dict(await desk.row(job_id))
        if wanted in PROMISED[where]:
            await command(wanted, job_id)
            after = await desk.row(job_id)
            assert (after["state"], after["want"]) == AFTER[where, wanted]
            assert after["attempt"] == before["attempt"] + (wanted in {"retry", "restart"})
        else:
            with pytest.raises(InvalidTransition) as refused:
                await command(wanted, job_id)
            assert (refused.value.status, set(refused.value.extra["legal"])) == (409, PROMISED[where])
            assert where in refused.value.detail
            assert dict(await desk.row(job_id)) == before
        await desk.change(job_id, "state = 'waiting', want = NULL")


async def test_nobody_commands_what_is_not_theirs_or_not_there(desk: Desk, command: Commander) -> None:
    [job_id] = await desk.queue()
    before = dict(await desk.row(job_id))

    for wanted, (one, tenant) in product(COMMANDS, ((job_id, "other"), (uuid4(), "default"))):
        with pytest.raises(JobNotFound):
            await command(wanted, one, tenant=tenant)

    assert dict(await desk.row(job_id)) == before


@pytest.mark.parametrize(("where", "told"), [("ready", [(1, "cancelled")]), ("paused", [(1, "cancelled")])])
async def test_a_cancellation_is_told_once(
    desk: Desk, command: Commander, where: str, told: list[tuple[int, str]]
) -> None:
    job_id = await there(desk, command, where)

    await command("cancel", job_id)

    assert await command.ends(job_id) == told


async def test_control_kinds_that_do_not_announce_are_cancelled_silently(desk: Desk) -> None:
    command = Commander(desk, kinds_of(Work(run=for_ever)))
    [job_id] = await desk.queue()

    await command("cancel", job_id)

    assert (await desk.state(job_id), await command.ends(job_id)) == ("cancelled", [])


async def test_a_paused_job_keeps_its_place_its_time_and_what_it_had_done(desk: Desk, command: Commander) -> None:
    job = await desk.held()
    async with desk.database.transaction() as tx:
        await held.checkpoint(tx, job, {"parts": 3}, progress=40.0, step="half")
        await held.snooze(tx, job, seconds=3600, step=None)
    before = dict(await desk.row(job.id))

    await command("pause", job.id)
    await command("resume", job.id)

    after = dict(await desk.row(job.id))
    same = ("state", "due_at", "rank_at", "enqueued_at", "cursor", "progress", "step", "attempt", "tries")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


async def test_paused_jobs_are_not_taken_and_resumed_ones_are(desk: Desk, command: Commander) -> None:
    [job_id] = await desk.queue()
    await command("pause", job_id)
    none = await desk.claim()
    await command("resume", job_id)

    assert (none, [job.id for job in await desk.claim()]) == ([], [job_id])


async def test_a_restart_ends_the_attempt_and_fences_out_its_worker(desk: Desk, command: Commander) -> None:
    job = await desk.held()

    await command("restart", job.id)

    with pytest.raises(LeaseLost):
        await settle(desk.database, job, Done())
    [again] = await desk.claim()
    assert (again.id, again.attempt) == (job.id, 2)
    assert await command.ends(job.id) == [(1, "cancelled")]
    assert await desk.told(job.id) == ["cancelled", "attempt_started"]


async def test_a_retried_job_begins_where_its_kind_comes_in_with_nothing_of_the_last_attempt(
    desk: Desk, command: Commander
) -> None:
    job_id = await there(desk, command, "failed")
    await desk.change(job_id, "queue = 'later', cursor = '{}', progress = 70, discarded_at = now()")

    await command("retry", job_id)

    row = await desk.row(job_id)
    assert (row["queue"], row["cursor"], row["progress"], row["tries"]) == ("q", None, 0.0, 0)
    assert (row["discarded_at"], row["error_code"], row["finished_at"]) == (None, None, None)


async def test_a_retry_goes_a_level_ahead(desk: Desk, command: Commander) -> None:
    retried = await there(desk, command, "failed")
    await desk.queue(3)

    await command("retry", retried)

    row = await desk.row(retried)
    assert row["rank_at"] - row["enqueued_at"] == timedelta(seconds=AGEING_SECONDS)  # NORMAL is worth two levels
    assert [job.id for job in await desk.claim()] == [retried]


async def test_a_new_priority_counts_from_the_start(desk: Desk, command: Commander) -> None:
    low, normal = (await desk.queue(priority=3)) + (await desk.queue(priority=2))

    await command("priority", low, priority=2)

    assert [job.id for job in await desk.claim(2)] == [low, normal]


async def test_control_without_the_new_priority_the_later_job_comes_first(desk: Desk) -> None:
    low, normal = (await desk.queue(priority=3)) + (await desk.queue(priority=2))

    assert [job.id for job in await desk.claim(2)] == [normal, low]

"""Progress told while a job is worked: seldom, at once, never backwards, and by its holder only."""

from typing import Any

import pytest

from services.jobs import progress
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Job
from services.jobs.progress import SECONDS, Reporter
from services.jobs.store import held
from tests.contract.jobs.rig import Desk


class Clock:
    """Time as a test wants it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reporter(desk: Desk, clock: Clock) -> Reporter:
    return Reporter(desk.database, clock)


async def told(desk: Desk, job: Job) -> list[tuple[float, str | None]]:
    """Progress and step as the timeline tells them."""
    found = await desk.database.pool.fetch(
        "SELECT progress, step FROM job_events WHERE job_id = $1 AND type = 'progress' ORDER BY id", job.id
    )
    return [(row["progress"], row["step"]) for row in found]


async def test_what_is_reported_is_seen_by_everybody_at_once(desk: Desk, reporter: Reporter) -> None:
    job = await desk.held()

    await reporter.report(job, 12.5, step="extracting", message="page 3 of 24")

    row = await desk.row(job.id)
    assert (row["progress"], row["step"], row["message"]) == (12.5, "extracting", "page 3 of 24")
    assert await told(desk, job) == [(12.5, "extracting")]


async def test_less_than_a_percent_within_half_a_second_is_not_told(
    desk: Desk, reporter: Reporter, clock: Clock
) -> None:
    job = await desk.held()
    for number in range(100):
        clock.now += SECONDS / 200
        await reporter.report(job, 10 + number / 200)

    assert [at for at, _ in await told(desk, job)] == [10]


async def test_a_whole_percent_is_told_at_once(desk: Desk, reporter: Reporter) -> None:
    job = await desk.held()
    for number in range(101):
        await reporter.report(job, number / 10)

    assert [at for at, _ in await told(desk, job)] == list(range(11))


async def test_little_headway_is_told_after_half_a_second(desk: Desk, reporter: Reporter, clock: Clock) -> None:
    job = await desk.held()
    await reporter.report(job, 10)
    clock.now += SECONDS - 0.01
    await reporter.report(job, 10.1)
    clock.now += 0.01
    await reporter.report(job, 10.2)

    assert [at for at, _ in await told(desk, job)] == pytest.approx([10, 10.2])


@pytest.mark.parametrize("steps", [("a", "b", "c")])
async def test_a_new_step_is_told_at_once_and_those_before_it_are_completed(
    desk: Desk, reporter: Reporter, steps: tuple[str, ...]
) -> None:
    job = await desk.held()
    for step in steps:
        for _ in range(3):
            await reporter.report(job, 10, step=step)

    row = await desk.row(job.id)
    assert await told(desk, job) == [(10, "a"), (10, "b"), (10, "c")]
    assert (row["step"], row["steps_completed"]) == ("c", ["a", "b"])

    async with desk.database.transaction() as tx:
        await held.complete(tx, job, {})
    row = await desk.row(job.id)
    assert (row["step"], row["steps_completed"]) == (None, ["a", "b", "c"])


async def test_the_last_percent_is_always_told(desk: Desk, reporter: Reporter) -> None:
    job = await desk.held()
    for at in (99.5, 99.9, 100):
        await reporter.report(job, at)

    assert [at for at, _ in await told(desk, job)] == [99.5, 100]


@pytest.mark.parametrize(("said", "kept"), [(-5, 0), (250, 100), (50, 50)])
async def test_progress_stays_within_its_bounds(desk: Desk, reporter: Reporter, said: float, kept: float) -> None:
    job = await desk.held()

    await reporter.report(job, said)

    assert (await desk.row(job.id))["progress"] == kept


async def test_progress_never_falls(desk: Desk, reporter: Reporter, clock: Clock) -> None:
    job = await desk.held()
    for at in (10, 60, 30, 61):
        clock.now += 1
        await reporter.report(job, at)

    assert [at for at, _ in await told(desk, job)] == [10, 60, 60, 61]


async def test_the_next_holder_begins_to_tell_anew_without_a_fall(desk: Desk, reporter: Reporter) -> None:
    first = await desk.held()
    await reporter.report(first, 50)
    await desk.change(first.id, "state = 'ready', lease_token = lease_token + 1")
    [second] = await desk.claim()

    await reporter.report(second, 5, step="again")

    assert await told(desk, second) == [(50, None), (50, "again")]


async def test_who_lost_the_lease_is_told_to_stop(desk: Desk, reporter: Reporter) -> None:
    zombie = await desk.zombie()

    with pytest.raises(LeaseLost):
        await reporter.report(zombie, 50)

    assert (await desk.row(zombie.id))["progress"] == 0


async def test_a_zombie_is_refused_however_often_it_reports(desk: Desk, reporter: Reporter, clock: Clock) -> None:
    job = await desk.held()
    await reporter.report(job, 10)
    await desk.change(job.id, "state = 'ready', lease_token = lease_token + 1")

    for _ in range(3):
        clock.now += 1
        with pytest.raises(LeaseLost):
            await reporter.report(job, 10.1)


async def test_jobs_are_throttled_each_by_itself(desk: Desk, reporter: Reporter) -> None:
    jobs = [await desk.held() for _ in range(3)]
    for _ in range(2):
        for job in jobs:
            await reporter.report(job, 10)

    assert [len(await told(desk, job)) for job in jobs] == [1, 1, 1]


async def test_only_so_many_jobs_are_remembered(
    desk: Desk, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOST", 2)
    jobs = [await desk.held() for _ in range(5)]
    for job in jobs:
        await reporter.report(job, 10)

    assert list(reporter._last) == [(job.id, job.lease_token) for job in jobs[-2:]]


@pytest.mark.parametrize("said", ["a\0b", "\ud800", "x" * 10_000])
async def test_a_message_may_say_anything(desk: Desk, reporter: Reporter, said: Any) -> None:
    job = await desk.held()

    await reporter.report(job, 1, message=said)

    assert 1 <= len((await desk.row(job.id))["message"]) <= 500


async def test_a_reader_of_the_timeline_need_not_look_the_job_up(desk: Desk, reporter: Reporter) -> None:
    job = await desk.held(source_id="s1", tenant="t1")
    await reporter.report(job, 30, step="extracting", message="so far")

    line = await desk.database.pool.fetchrow("SELECT * FROM job_events WHERE type = 'progress'")
    kept = ("tenant", "kind", "queue", "state", "tries", "started", "progress", "step", "message", "source_id")
    assert [line[name] for name in kept] == [
        "t1", "k", "q", "running", 0, True, 30, "extracting", "so far", "s1"
    ]  # fmt: skip

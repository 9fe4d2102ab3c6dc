"""Many follow jobs while many work them: nothing is lost, doubled or told backwards."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest

from infra.postgres.database import Database
from infra.postgres.log import Log, Told
from infra.postgres.log_cursor import Cursor
from services.jobs.job import NewJob
from services.jobs.store import queue
from services.jobs.store.lines import LINES, Line, Watched
from tests.contract.jobs.rig import Desk, until
from tests.contract.jobs.watching import ALL, Watcher, decoded, feed, places, progress, work

READERS = 500
WRITERS = 8
EACH = 12
BURST = 2_000


def rising(updates: Iterable[dict[str, Any]]) -> bool:
    """Whether progress never falls within an attempt of a job."""
    seen: dict[tuple[str, int], list[float]] = defaultdict(list)
    for one in updates:
        seen[one["job_id"], one["attempt"]].append(one["progress"])
    return all(had == sorted(had) for had in seen.values())


async def test_500_readers_miss_nothing_and_read_nothing_twice(desk: Desk) -> None:
    await desk.queue(WRITERS)
    jobs = await desk.claim(WRITERS)
    source = feed(desk.database)
    watchers = [await Watcher.of(source) for _ in range(READERS)]
    reading = [asyncio.create_task(watcher.read(WRITERS * EACH)) for watcher in watchers]
    await until(lambda: _true(source.readers == READERS))

    await asyncio.gather(*(work(desk.database, job, lines=EACH) for job in jobs))
    async with asyncio.timeout(60):
        await asyncio.gather(*reading)

    told = await places(desk.database)
    assert len(told) == WRITERS * EACH
    made = {id(frame): decoded(frame) for watcher in watchers for frame in watcher.had}
    for watcher in watchers:
        got = [made[id(frame)] for frame in watcher.had]
        assert sorted((one["job_id"], one["progress"]) for _, one in got) == sorted(
            (str(job_id), round(percent, 2)) for job_id, percent in told
        )
        assert [place for place, _ in got] == sorted({place for place, _ in got})
        assert rising(one for _, one in got)
    source.close()


async def test_a_line_is_written_as_json_once_for_all_who_hear_of_it(desk: Desk) -> None:
    job = await desk.held()
    source = feed(desk.database)
    async with source.listening(ALL) as one, source.listening(ALL) as other:
        async with desk.database.transaction() as tx:
            await progress(tx, job, 10)
        told = [await listener.next(10) for listener in (one, other)]
    frames: list[float] = []

    def frame(line: Told[Line]) -> int:
        frames.append(line.line["progress"])
        return len(frames)

    assert [each.once(frame) for each in told if each] == [1, 1]
    assert frames == [10]
    source.close()


async def _true(answer: bool) -> bool:  # noqa: FBT001  # an answer
    return answer


def test_control_falling_progress_is_noticed() -> None:
    assert not rising([{"job_id": "a", "attempt": 1, "progress": p} for p in (10, 5)])
    assert rising([{"job_id": "a", "attempt": n, "progress": p} for n, p in ((1, 10), (2, 5))])


async def test_what_commits_late_is_not_lost_although_its_number_is_lower(desk: Desk) -> None:
    [first, second] = [await desk.held() for _ in range(2)]
    source = feed(desk.database)
    watcher = await Watcher.of(source)
    async with desk.database.transaction() as slow:
        await progress(slow, first, 10)
        async with desk.database.transaction() as quick:
            await progress(quick, second, 20)
        naive = await _after(desk.database, 0)
    naive += await _after(desk.database, naive[-1])

    async with asyncio.timeout(10):
        await watcher.read(2)
    assert sorted(decoded(frame)[1]["progress"] for frame in watcher.had) == [10, 20]
    kept = await desk.database.pool.fetchval("SELECT count(*) FROM job_events")
    assert len(naive) == kept - 1  # the control: who reads on after the highest number misses one
    source.close()


async def _after(database: Database, number: int) -> list[int]:
    rows = await database.pool.fetch("SELECT id FROM job_events WHERE id > $1 ORDER BY id", number)
    return [row["id"] for row in rows]


async def test_a_line_that_was_overtaken_is_not_told_after_its_successor(desk: Desk) -> None:
    job = await desk.held()
    source = feed(desk.database)
    watcher = await Watcher.of(source)
    async with desk.database.transaction() as early:
        await early.execute("INSERT INTO queues (name) VALUES ('x')")  # its place in the log is older than the others'
        async with desk.database.transaction() as late:
            await progress(late, job, 10)
        await progress(early, job, 20)
    async with desk.database.transaction() as last:
        await progress(last, job, 30)

    async with asyncio.timeout(10):
        await watcher.read(2)
    assert [decoded(frame)[1]["progress"] for frame in watcher.had] == [20, 30]

    everything = Log[Line](table=LINES.table, number="id", columns=LINES.columns, line=dict)
    async with desk.database.reading() as tx:
        found = await everything.page(tx, Cursor(1, 0, 0), ALL, limit=100)
    assert [told.line["progress"] for told in found] == [0, 0, 20, 10, 30]  # the control: that is how they lie there
    source.close()


async def test_a_slow_reader_is_cut_off_resumes_without_loss_and_disturbs_nobody(desk: Desk) -> None:
    job = await desk.held()
    source = feed(desk.database, queue=4)
    slow, quick = await Watcher.of(source), await Watcher.of(source)
    waiting = asyncio.create_task(slow.read(1))
    reading = asyncio.create_task(quick.read(20))
    await until(lambda: _true(source.readers == 2))
    for number in range(1, 21):  # the slow one stands still after its first line
        async with desk.database.transaction() as tx:
            await progress(tx, job, 5.0 * number)
        await until(lambda seen=number: _true(len(quick.had) >= seen))
    await asyncio.gather(waiting, reading)
    await slow.read_to_the_end()

    assert slow.notices[-1]["event"] == "gap"
    assert "id" not in slow.notices[-1]
    assert 1 < len(slow.had) < 20
    assert [decoded(frame)[1]["progress"] for frame in quick.had] == [5.0 * n for n in range(1, 21)]
    again = await Watcher.of(source, after=decoded(slow.had[-1])[0])
    await again.read(20 - len(slow.had))
    assert [decoded(frame)[1]["progress"] for frame in slow.had + again.had] == [5.0 * n for n in range(1, 21)]
    source.close()


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_reader_hears_only_of_what_it_asked_for(desk: Desk, *, wanted: bool) -> None:
    job = await desk.held(source_id="s" if wanted else "other")
    mark = await desk.held(source_id="s")
    source = feed(desk.database)
    watcher = await Watcher.of(source, watched=Watched(tenant="default", source_id="s"))
    for one, percent in ((job, 10), (mark, 99)):
        async with desk.database.transaction() as tx:
            await progress(tx, one, percent)

    async with asyncio.timeout(10):
        await watcher.read(2 if wanted else 1)
    assert [decoded(frame)[1]["progress"] for frame in watcher.had] == ([10, 99] if wanted else [99])
    source.close()


async def test_nobody_reads_while_nobody_listens_and_seldom_while_nothing_happens(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.runtime.events.feed.CALM_S", 0.1)
    source = feed(desk.database, busy_s=0.01, idle_s=60.0)
    assert source._reading is None
    watcher = await Watcher.of(source)
    reading = asyncio.create_task(watcher.read(1))
    await until(lambda: _true(source._reading is not None))
    await asyncio.sleep(0.3)  # it is calm now, and the next look is a minute away

    await desk.queue()  # whose commit rings

    async with asyncio.timeout(10):
        await reading
    assert decoded(watcher.had[0])[1]["type"] == "queued"
    source.close()


async def test_a_burst_many_times_longer_than_a_queue_reaches_everybody_who_reads(desk: Desk) -> None:
    source, heard = feed(desk.database), [0] * 40

    async def read(number: int) -> None:
        async with source.listening(ALL) as listener:
            while heard[number] < BURST and await listener.next(20.0) is not None:
                heard[number] += 1

    readers = [asyncio.create_task(read(number)) for number in range(len(heard))]
    await until(lambda: _true(source.readers == len(heard)))
    async with desk.database.transaction() as tx:
        await queue.enqueue_many(tx, [NewJob(id=uuid4(), kind="k", queue="q") for _ in range(BURST)])
    async with asyncio.timeout(30):
        await asyncio.gather(*readers)
    source.close()

    assert heard == [BURST] * len(heard)

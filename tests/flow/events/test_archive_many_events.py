"""However many events are old, and whatever is wrong with some, the rest is archived in bounded batches."""

import asyncio
from collections.abc import Mapping

import pytest

from services.events.history import archive_events as archiving
from services.jobs.history.archive import MOST_FAILURES
from tests.flow.events.event_archive import EventArchive


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 4)


async def test_a_day_leaves_in_bounded_batches_and_no_batch_spans_two(log: EventArchive) -> None:
    ids = [*await log.told(days_ago=40, count=9), *await log.told(days_ago=33, count=2)]

    assert await log.run() == 11
    assert await log.loads() == [4, 4, 2, 1]
    assert await log.archived() == sorted(ids)


async def test_heavy_events_go_in_smaller_batches(log: EventArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "MOST_BYTES", 15_000)
    await log.told(count=4, data={"attempt": 1, "error": "x" * 10_000})

    assert await log.run() == 4
    assert await log.loads() == [2, 2]


async def test_many_clean_ups_at_once_archive_each_event_once(log: EventArchive) -> None:
    ids = [*await log.told(days_ago=40, count=10), *await log.told(days_ago=33, count=10)]

    await asyncio.gather(*(log.run() for _ in range(4)))
    await log.run()

    assert await log.archived() == sorted(ids)
    assert (await log.here(), await log.left_over()) == ([], ([], 0))


async def test_a_day_that_cannot_be_loaded_stays_and_holds_no_later_one_up(log: EventArchive) -> None:
    log.warehouse.refuses = 1
    bad = await log.told(days_ago=40, count=5)
    good = await log.told(days_ago=33, count=2)

    await log.run()

    assert await log.here() == bad
    assert await log.archived() == sorted([*bad[4:], *good])
    assert 40 in await log.days()
    assert 33 not in await log.days()


async def test_a_day_that_could_not_be_loaded_is_tried_again(log: EventArchive) -> None:
    log.warehouse.refuses = 1
    ids = await log.told(count=5)
    await log.run()
    log.warehouse.refused.clear()
    log.warehouse.refuses = 0

    await log.run()

    assert await log.archived() == sorted(ids)
    assert (await log.here(), await log.left_over()) == ([], ([], 0))


async def test_no_more_leave_while_none_arrive(log: EventArchive) -> None:
    log.warehouse.refuses = 10
    ids = await log.told(count=40)

    assert await log.run() == 4 * MOST_FAILURES
    assert (await log.here(), await log.archived()) == (ids, [])


async def test_an_event_that_came_late_keeps_its_day_until_it_left_too(log: EventArchive) -> None:
    early = await log.told(count=2)
    stop = asyncio.Event()
    publish = log.warehouse.publish
    late: list[str] = []

    async def published(table: str, attempts: Mapping[str, int]) -> None:
        late.extend(await log.told())
        stop.set()
        await publish(table, attempts)

    log.warehouse.publish = published  # type: ignore[method-assign]  # the moment between load and drop
    await log.run(stop=stop)
    assert await log.here() == [*early, *late]
    log.warehouse.publish = publish  # type: ignore[method-assign]  # see above

    await log.run()
    assert await log.archived() == sorted([*early, *late])
    assert await log.here() == []

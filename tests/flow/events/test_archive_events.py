"""Old days of the event log leave PostgreSQL for the warehouse, whole and once."""

from datetime import timedelta

import pytest

from schemas.envelope import Envelope
from schemas.records.archived_event import ArchivedEvent
from services.events.history import archive_events as archiving
from tests.flow.events.event_archive import NOW, OLD, EventArchive
from tests.flow.jobs.archive import Crash

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_an_event_past_its_days_is_found_in_the_warehouse_as_it_was_told(log: EventArchive) -> None:
    data = {"attempt": 1, "error": 'a\n\u2028é"\\', "big": 9007199254740993, "none": None, "in": [1.5, {"x": True}]}
    [event_id] = await log.told(data=data, traceparent=TRACE, tenant="t")

    assert await log.run() == 1

    assert await log.here() == []
    row = await log.row(event_id)
    assert row.pop("load_id")
    assert row == {
        "event_id": event_id,
        "type": "crawl.failed",
        "source": "//headrace/crawls",
        "tenant": "t",
        "subject": "crawl-1",
        "time": NOW - timedelta(days=OLD),
        "data": data,
        "traceparent": TRACE,
    }


async def test_events_of_jobs_keep_their_source_and_may_have_no_trace(log: EventArchive) -> None:
    [event_id] = await log.told(type="job.finished")
    await log.run()

    row = await log.row(event_id)
    assert (row["source"], row["traceparent"]) == ("//headrace/jobs", None)


async def test_an_old_day_is_dropped_with_its_events_and_so_is_one_without_any(log: EventArchive) -> None:
    await log.told(days_ago=40)
    assert await log.days() == [34, 35, 36, 37, 38, 39, 40]

    await log.run()

    assert await log.days() == []
    assert await log.left_over() == ([], 0)


async def test_a_young_day_stays_with_all_its_events(log: EventArchive) -> None:
    young = await log.told(days_ago=OLD - 1)

    assert await log.run() == 0

    assert await log.here() == young
    assert await log.archived() == []
    assert OLD - 1 in await log.days()


async def test_control_one_day_later_it_is_old(log: EventArchive) -> None:
    ids = await log.told(days_ago=OLD)

    assert await log.run() == 1
    assert (await log.archived(), await log.here()) == (ids, [])


@pytest.mark.parametrize("moment", ["loaded", "published"])
async def test_after_a_crash_on_the_way_a_day_is_loaded_once(
    log: EventArchive, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr(archiving, "BATCH", 2)
    ids = await log.told(count=5)
    log.warehouse.dies = moment
    for _ in range(2):
        with pytest.raises(Crash):
            await log.run()
    between = await log.here()
    log.warehouse.dies = None
    await log.run()

    assert between == ids
    assert await log.archived() == sorted(ids)
    assert (await log.here(), await log.left_over()) == ([], ([], 0))


async def test_a_crash_before_the_day_is_dropped_drops_it_later_and_loads_nothing_again(
    log: EventArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await log.told(count=3)

    async def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(archiving, "drop_day", crash)
        with pytest.raises(Crash):
            await log.run()
    assert (await log.here(), await log.archived()) == (ids, sorted(ids))
    log.warehouse.refuses = 1  # any load from here on is refused

    assert await log.run() == 0
    assert log.warehouse.refused == set()
    assert (await log.here(), await log.archived()) == ([], sorted(ids))


async def test_control_a_crash_leaves_something_to_do(log: EventArchive) -> None:
    await log.told()
    log.warehouse.dies = "published"
    with pytest.raises(Crash):
        await log.run()

    objects, planned = await log.left_over()
    assert (len(objects), planned) == (1, 1)


async def test_a_database_brought_back_to_before_it_was_archived_loads_nothing_twice(log: EventArchive) -> None:
    ids = await log.told(count=3)
    await log.database.pool.execute("CREATE TABLE backup AS SELECT * FROM events")
    await log.run()
    await log.told(count=0)  # the partition
    await log.database.pool.execute("INSERT INTO events OVERRIDING SYSTEM VALUE SELECT * FROM backup")

    assert await log.run() == 3
    assert await log.archived() == sorted(ids)
    assert await log.here() == []


def test_the_warehouse_keeps_everything_that_an_event_has() -> None:
    kept = {"id" if name == "event_id" else name for name in ArchivedEvent.model_fields}

    assert kept - set(Envelope.__struct_fields__) == {"load_id"}
    assert set(Envelope.__struct_fields__) <= kept

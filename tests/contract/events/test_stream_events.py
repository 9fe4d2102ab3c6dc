"""GET /api/v1/events/stream."""

import asyncio

import pytest

from infra.postgres.database import Database
from infra.postgres.log_cursor import Cursor
from services.events.feed import Feed
from services.events.store.log import Wanted
from services.events.stream_events import stream_events
from tests.contract.events.house import House, failed, tell, triggered, until


async def test_without_a_place_a_stream_starts_now(house: House) -> None:
    await tell(house.database, failed(1))

    async with house.stream() as stream:
        await tell(house.database, failed(2))

        frame = await stream.frame()

    assert stream.first["retry"] == "2000"
    assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
    assert stream.answer.headers["X-Accel-Buffering"] == "no"
    assert stream.answer.headers["Cache-Control"] == "no-store"
    assert frame["event"] == "crawl.failed"
    assert failed(2).id in frame["data"]
    assert str(Cursor.parse(frame["id"])) == frame["id"]


async def test_an_event_is_the_same_as_in_the_list(house: House) -> None:
    async with house.stream() as stream:
        await tell(house.database, failed(1))
        event = await stream.event()

    assert (await house.get())[1]["items"] == [event]


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_cut_stream_goes_on_where_it_ended(house: House, *, by_header: bool) -> None:
    async with house.stream() as stream:
        await tell(house.database, failed(1), failed(2))
        place = (await stream.frame())["id"]
    await tell(house.database, failed(3))

    async with house.stream(**({"last_event_id": place} if by_header else {"after": place})) as stream:
        await tell(house.database, failed(4))

        assert await stream.crawls(3) == ["crawl-2", "crawl-3", "crawl-4"]


async def test_the_first_frame_already_is_a_place_to_resume(house: House) -> None:
    async with house.stream() as stream:
        place = stream.first["id"]
    await tell(house.database, failed(1))

    async with house.stream(last_event_id=place, after="1-0-0") as stream:
        assert await stream.crawls(1) == ["crawl-1"]


async def test_a_long_past_and_the_present_join_without_gap_or_repetition(house: House) -> None:
    await tell(house.database, *(failed(number) for number in range(1200)))

    async with house.stream(after="1-0-0") as stream:
        past = await stream.crawls(700)
        await tell(house.database, *(failed(number) for number in range(1200, 1300)))

        assert past + await stream.crawls(600) == [f"crawl-{number}" for number in range(1300)]


async def test_nothing_is_lost_or_doubled_while_transactions_overlap(house: House) -> None:
    async def writer(start: int) -> None:
        for number in range(start, start + 20):
            async with house.database.transaction() as tx:
                await tx.fetchval("SELECT nextval(pg_get_serial_sequence('events', 'seq'))")
                await tx.record(failed(number), tenant="default")
                await asyncio.sleep(0.001 * (number % 3))

    async with house.stream() as stream:
        await asyncio.gather(*(writer(100 * n) for n in range(6)))
        got = await stream.crawls(120)

    assert sorted(got) == sorted(f"crawl-{100 * n + number}" for n in range(6) for number in range(20))


async def test_a_stream_can_be_narrowed(house: House) -> None:
    async with house.stream(type="crawl.failed", crawl_id="crawl-2") as stream:
        await tell(house.database, triggered(2), failed(1), failed(2))

        assert await stream.crawls(1) == ["crawl-2"]


async def test_another_tenants_events_are_not_streamed(house: House) -> None:
    async with house.stream(after="1-0-0") as stream:
        await tell(house.database, failed(1), tenant="other")
        await tell(house.database, failed(2))

        assert await stream.crawls(1) == ["crawl-2"]


@pytest.mark.parametrize("lost", ["epoch", "retention"])
async def test_a_lost_place_is_reset_to_the_oldest_kept_event(house: House, lost: str) -> None:
    await tell(house.database, failed(1))
    await tell(house.database, failed(2))
    _, page = await house.get(limit=1)
    place = page["next_page_token"]
    if lost == "epoch":
        await house.database.pool.execute("UPDATE instance SET epoch = epoch + 1")
    else:
        await house.database.pool.execute("DELETE FROM events WHERE subject = 'crawl-1'")

    async with house.stream(last_event_id=place) as stream:
        reset = await stream.frame()

        assert reset["event"] == "reset"
        assert await stream.crawls(1) == ["crawl-1" if lost == "epoch" else "crawl-2"]


async def test_a_known_place_is_not_reset(house: House) -> None:
    await tell(house.database, failed(1))
    _, page = await house.get()

    async with house.stream(last_event_id=page["next_page_token"]) as stream:
        await tell(house.database, failed(2))

        assert await stream.crawls(1) == ["crawl-2"]


async def test_what_was_read_as_past_is_not_told_again_as_present(database: Database) -> None:
    feed, wanted = Feed(database, poll_s=60.0), Wanted(tenant="default")
    async with feed.listening(wanted):  # from here on the feed stands still until its bell rings
        database.listeners.clear()
        await tell(database, failed(1), failed(2))
        frames = stream_events(wanted, after=Cursor(1, 0, 0), feed=feed)
        past = [await anext(frames) for _ in range(3)][1:]
        present = asyncio.ensure_future(anext(frames))
        await until(lambda: len(feed._listeners) == 2)
        await tell(database, failed(3))
        feed._bell.set()

        assert [failed(number).id in frame["data"] for number, frame in ((1, past[0]), (2, past[1]))] == [True, True]
        assert failed(3).id in (await present)["data"]
        await frames.aclose()

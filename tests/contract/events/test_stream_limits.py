"""What a stream costs, and how it ends."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime

import pytest

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.postgres.log import Told
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.listener import Listener
from schemas.event import envelop
from services.events.feed import Feed
from services.events.store.log import Wanted
from services.events.stream_events import stream_events
from tests.contract.events.house import House, failed, open_house, tell, until


async def test_a_slow_reader_gets_a_gap_and_resumes_without_a_loss(database: Database) -> None:
    feed = Feed(database, poll_s=0.02, queue=4)
    frames = stream_events(Wanted(tenant="default"), after=None, feed=feed)
    await anext(frames)
    waiting = asyncio.ensure_future(anext(frames))
    await until(lambda: feed._listeners)
    await tell(database, *(failed(number) for number in range(10)))
    got = [await waiting]  # the reader stands still from here on
    await until(lambda: all(listener.lost for listener in feed._listeners))
    got += [frame async for frame in frames]

    assert [frame["event"] for frame in got] == ["crawl.failed"] * (len(got) - 1) + ["gap"]
    assert len(got) < 10
    assert "id" not in got[-1]
    again = stream_events(Wanted(tenant="default"), after=Cursor.parse(got[-2]["id"]), feed=feed, lifetime_s=0.5)
    rest = [frame async for frame in again if "event" in frame]
    assert len(got) - 1 + len(rest) == 10
    feed.close()


def test_a_listeners_memory_is_bounded_by_its_queue() -> None:
    listener = Listener(Wanted(tenant=None), size=3)
    event = envelop(failed(1), time=datetime(2025, 1, 1, tzinfo=UTC), tenant="t")
    for number in range(100):
        listener.offer(Told(Cursor(1, 1, number), event))

    assert len(listener._told) == 3
    assert listener.lost


async def test_many_readers_cost_one_look_at_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    plain = Feed._pass_on

    async def counted(self: Feed) -> int:
        nonlocal looks
        passed = await plain(self)
        looks += passed > 0
        return passed

    monkeypatch.setattr(Feed, "_pass_on", counted)
    monkeypatch.setattr(house.feed, "_busy_s", 60.0)
    async with house.stream() as a, house.stream() as b, house.stream() as c:
        await until(lambda: len(house.feed._listeners) == 3)
        await tell(house.database, failed(1))

        assert [await stream.crawls(1) for stream in (a, b, c)] == [["crawl-1"]] * 3

    assert looks == 1


async def test_when_nobody_listens_nobody_reads(house: House) -> None:
    async with house.stream():
        await until(lambda: house.feed._reading is not None)
    await until(lambda: house.feed._reading is None)

    assert not house.feed._listeners


async def test_a_stream_ends_by_itself(database: Database) -> None:
    async with open_house(database, lifetime_s=0.3) as house, house.stream() as stream:
        await tell(database, failed(1))

        assert await stream.crawls(1) == ["crawl-1"]
        assert await stream.frame() == {}


async def test_more_streams_than_a_process_serves_are_refused(database: Database) -> None:
    async with open_house(database, feed=Feed(database, listeners=1)) as house, house.stream():
        await until(lambda: house.feed._listeners)
        status, problem = await house.get("/stream")

    assert (status, problem["code"]) == (429, "TOO_MANY_STREAMS")


async def tell_once_it_is_back(database: Database) -> None:
    """Connections that were cut may be noticed only when they are used."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(DatabaseAway):
                await tell(database, failed(2))
                return


async def test_a_stream_survives_a_database_that_goes_away(house: House) -> None:
    async with house.stream() as stream:
        await tell(house.database, failed(1))
        assert await stream.crawls(1) == ["crawl-1"]
        await house.database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

        await tell_once_it_is_back(house.database)

        assert await stream.crawls(1) == ["crawl-2"]


@pytest.mark.parametrize("way", ["server", "feed"])
async def test_open_streams_end_within_two_seconds_of_a_shutdown(house: House, way: str) -> None:
    async with house.stream() as stream:
        began = time.monotonic()
        if way == "server":
            house.server.should_exit = True
        else:
            house.feed.close()

        assert await stream.frame() == {}
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [({"after": "x"}, 400, "INVALID_CURSOR"), ({"type": "crawl.exploded"}, 422, "UNKNOWN_TOPIC")],
)
async def test_a_wrong_question_is_answered_with_a_problem(
    house: House, query: dict[str, str], status: int, code: str
) -> None:
    answered, problem = await house.get("/stream", **query)

    assert (answered, problem["code"]) == (status, code)

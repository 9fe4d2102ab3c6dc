"""A lake in Cloud Storage behind a bad line: what is doubtful is looked up, what is damaged is not believed."""

import asyncio
import gc
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from infra.gcp.storage import StorageLake
from infra.gcp.storage import bucket as requests
from schemas.stored_object import ObjectExists, StoreForbidden, StoreUnavailable
from tests.contract.lake.rough import Trouble, download, naming, once, rough, upload

PIECE = 1 << 18
SMALL, LONG = b"small" * 1000, b"long" * PIECE


async def stream(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def collect(lake: Any, *, into: list[bytes]) -> None:
    async for block in lake.read("a"):
        into.append(block)  # noqa: PERF401  # what came before the trouble counts


class Place:
    """A lake as two see it: one over the rough way, one over the smooth."""

    def __init__(self, emulator: str) -> None:
        self.emulator = emulator
        self.prefix = f"test-{uuid4().hex}"
        self.smooth = self.over(emulator)

    def over(self, emulator: str) -> Any:
        return StorageLake("lake-suite", prefix=self.prefix, emulator=emulator, chunk_bytes=PIECE)

    async def create(self, trouble: Trouble, body: bytes) -> Any:
        async with rough(self.emulator, trouble) as way:
            return await self.over(way).create("a", stream(body))

    async def names(self) -> list[str]:
        return [name async for name in self.smooth.list("")]


@pytest.fixture
def place(storage_emulator: str) -> Place:
    return Place(storage_emulator)


@pytest.mark.parametrize(("body", "at"), [(SMALL, upload), (LONG, naming)], ids=["in one request", "in pieces"])
async def test_an_object_whose_answer_was_lost_is_its_writers_all_the_same(place: Place, body: bytes, at: Any) -> None:
    stored = await place.create(once(at, "lose"), body)

    assert await place.smooth.stat("a") == stored
    assert await place.names() == ["a"]


async def test_control_equal_bytes_of_another_writer_are_not_its_own(place: Place) -> None:
    await place.smooth.create("a", stream(SMALL))

    with pytest.raises(ObjectExists):
        await place.create(once(upload, "lose"), SMALL)


@pytest.mark.parametrize("body", [SMALL, LONG], ids=["in one request", "in pieces"])
async def test_what_changed_on_its_way_there_is_not_kept(place: Place, body: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        await place.create(once(upload, "damage"), body)

    assert await place.names() == []
    assert (await place.smooth.create("a", stream(body))).size_bytes == len(body)


@pytest.mark.parametrize("body", [SMALL, LONG], ids=["in one request", "in pieces"])
async def test_what_changed_on_its_way_back_is_noticed_before_its_end(place: Place, body: bytes) -> None:
    await place.smooth.create("a", stream(body))
    async with rough(place.emulator, once(download, "damage answer")) as way:
        got: list[bytes] = []
        with pytest.raises(StoreUnavailable):
            await collect(place.over(way), into=got)

    assert sum(map(len, got)) < len(body)


async def test_a_service_that_stumbles_is_asked_again(place: Place) -> None:
    stored = await place.create(once(upload, "503"), SMALL)

    assert await place.smooth.stat("a") == stored


@pytest.mark.parametrize(("status", "problem"), [("403", StoreForbidden), ("400", StoreUnavailable)])
async def test_a_refusal_says_whether_waiting_helps(place: Place, status: str, problem: type[Exception]) -> None:
    for body in (SMALL, LONG):
        with pytest.raises(problem, match=status):
            await place.create(once(upload, status), body)


async def test_a_service_that_took_less_than_was_sent_is_told_as_such(place: Place) -> None:
    with pytest.raises(StoreUnavailable):
        await place.create(once(upload, "308"), LONG)

    assert await place.names() == []


async def test_a_lost_answer_in_the_middle_makes_no_wrong_object(place: Place) -> None:
    with suppress(StoreUnavailable):
        await place.create(once(upload, "lose"), LONG)

    assert await place.names() in ([], ["a"])
    if await place.names():
        assert (await place.smooth.stat("a")).sha256 == hashlib.sha256(LONG).hexdigest()


async def test_a_writer_that_gives_up_sends_nothing_more(place: Place) -> None:
    seen: list[str] = []

    def watch(request: web.Request) -> str:
        seen.append(request.method)
        return ""

    async def cut() -> AsyncIterator[bytes]:
        yield LONG
        seen.clear()
        raise ConnectionResetError

    async with rough(place.emulator, watch) as way:
        with pytest.raises(ConnectionResetError):
            await place.over(way).create("a", cut())
        await asyncio.to_thread(gc.collect)

    assert seen == []
    assert await asyncio.to_thread(lambda: [*place.smooth._bucket.pages("")]) in ([], [[]])


async def test_a_service_that_stays_away_is_told_as_such(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(requests._ASKING, "retry", requests._ASKING["retry"].with_timeout(0.1))

    with pytest.raises(StoreUnavailable):
        await place.create(lambda request: "503" if upload(request) else "", SMALL)
    with pytest.raises(StoreUnavailable):
        await place.over("http://127.0.0.1:9").stat("a")


async def test_who_looks_for_what_is_not_there_asks_for_nothing_else(place: Place) -> None:
    asked: list[str] = []

    def note(request: web.Request) -> str:
        asked.append(f"{request.method} {request.path}")
        return ""

    async with rough(place.emulator, note) as way:
        lake = place.over(way)
        assert [await lake.stat("a") for _ in range(3)] == [None, None, None]

    assert asked == ["POST /storage/v1/b", *[f"GET /storage/v1/b/lake-suite/o/{place.prefix}/a"] * 3]

"""Streams that end before their time: cut off or in order, and no error of ours."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import aiohttp
import asyncpg
import pytest
from fastapi import APIRouter
from sse_starlette import EventSourceResponse

from infra.postgres.database import Database
from infra.runtime.auth.caller import LOCAL
from infra.runtime.events.feed import Feed
from infra.runtime.http import event_stream
from infra.runtime.http.app import create_app
from infra.runtime.http.event_stream import Frame
from infra.runtime.http.streams import Streams
from services.jobs.store.lines import LINES
from tests.contract.http.house import PATIENCE, serving
from tests.gates import OpenGate

NEWS: Frame = {"event": "news", "data": "x" * 100_000, "id": "1-2-3"}


@contextlib.asynccontextmanager
async def streaming(frames: AsyncIterator[Frame]) -> AsyncIterator[int]:
    """The port where these frames are streamed."""
    routes = APIRouter()
    feed = Feed(Database(None), LINES)

    @routes.get("/stream", response_class=EventSourceResponse)
    async def stream() -> EventSourceResponse:
        return event_stream.event_stream(frames, feed=feed, caller=LOCAL, streams=Streams())

    async with serving(create_app(title="t", gate=OpenGate(), routers=[routes], public={"/stream"})) as port:
        yield port


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What is logged as an error; ask after the server has stopped."""
    return lambda: [line.getMessage() for line in caplog.records if line.levelno >= logging.ERROR]


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that was on its way, to the end of the connection."""
    said = b""
    while piece := await reader.read(1 << 20):
        said += piece
    return said


async def test_a_reader_that_takes_nothing_is_cut_off_and_that_is_no_error(
    monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(event_stream, "SEND_TIMEOUT_S", 0.1)
    over = asyncio.Event()

    async def flood() -> AsyncIterator[Frame]:
        try:
            while True:
                yield NEWS
        finally:
            over.set()

    async with streaming(flood()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.wait_for(over.wait(), PATIENCE)
        cut_off = await asyncio.wait_for(rest(reader), PATIENCE)
        writer.close()

    assert cut_off.startswith(b"HTTP/1.1 200 OK")
    assert errors() == []


@pytest.mark.parametrize("told", [0, 2])
async def test_a_stream_whose_database_is_away_ends_in_order_and_is_asked_for_again(
    told: int, errors: Callable[[], list[str]]
) -> None:
    async def cut_short() -> AsyncIterator[Frame]:
        for _ in range(told):
            yield NEWS
        raise asyncpg.ConnectionDoesNotExistError("gone")

    async with (
        streaming(cut_short()) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/stream") as answer,
    ):
        said = await answer.text()

    assert (answer.status, said.count("event: news")) == (200, told)
    assert said.endswith(f"retry: {event_stream.RETRY_MS}\n\n")
    assert errors() == []


async def test_what_is_wrong_with_a_stream_itself_is_an_error(errors: Callable[[], list[str]]) -> None:
    async def wrong() -> AsyncIterator[Frame]:
        yield NEWS
        raise KeyError("x")

    async with streaming(wrong()) as port, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientPayloadError):
            async with session.get(f"http://127.0.0.1:{port}/stream") as answer:
                await answer.text()

    assert len(errors()) == 1

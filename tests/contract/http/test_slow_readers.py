"""Readers of a stream who take nothing any more: cut off, and no error of ours."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

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


class Flood:
    """A stream that always has more to say; ``over`` is set when nobody is told any more."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    def routes(self) -> APIRouter:
        made = APIRouter()
        feed = Feed(Database(None), LINES)

        @made.get("/flood", response_class=EventSourceResponse)
        async def flood() -> EventSourceResponse:
            return event_stream.event_stream(self._frames(), feed=feed, caller=LOCAL, streams=Streams())

        return made

    async def _frames(self) -> AsyncIterator[Frame]:
        try:
            while True:
                yield {"event": "flood", "data": "x" * 100_000}
        finally:
            self.over.set()


async def test_a_reader_that_takes_nothing_is_cut_off_and_that_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_stream, "SEND_TIMEOUT_S", 0.1)
    caplog.set_level(logging.INFO)
    flood = Flood()
    app = create_app(title="flood", gate=OpenGate(), routers=[flood.routes()], public={"/flood"})

    async with serving(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.wait_for(flood.over.wait(), PATIENCE)
        cut_off = await asyncio.wait_for(_rest(reader), PATIENCE)
        writer.close()

    assert cut_off.startswith(b"HTTP/1.1 200 OK")
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.ERROR] == []


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """All that was on its way, to the end of the connection."""
    said: list[Any] = []
    while piece := await reader.read(1 << 20):
        said.append(piece)
    return b"".join(said)

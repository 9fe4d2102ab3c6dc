"""Server-sent events as an answer, and how open ones end when the process does."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import anyio
import structlog
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from infra.postgres.away import DatabaseAway, answering
from infra.runtime.auth.caller import Caller
from infra.runtime.events.feed import Feed
from infra.runtime.http.streams import Streams
from infra.runtime.runtime import Runtime

KEEPALIVE_S = 15
LIFETIME_S = 14 * 60.0  # proxies in front of us cut at 15 min
RETRY_MS = 2000  # how long a browser waits before it connects again
SEND_TIMEOUT_S = 30.0  # a reader that takes nothing for so long is gone

log = structlog.get_logger()

Frame = dict[str, Any]
"""The fields of a server-sent event: event, data, id, retry."""


def notice(event: str, text: str) -> Frame:
    """A frame about the stream itself; it has no id, so that the last place stays the last."""
    return {"event": event, "data": json.dumps({"message": text})}


class _Counted(EventSourceResponse):
    """Counts for its caller from its first byte to its last; raises ``TooManyStreams`` before the first."""

    caller: Caller
    streams: Streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.streams.one(self.caller):
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                log.info("a reader took nothing any more and is cut off", path=scope["path"])
                raise  # or the server would not hang up


def _worth_saying(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], SendTimeoutError)


logging.getLogger("uvicorn.error").addFilter(_worth_saying)  # a reader that is gone is no error of the application


def event_stream(
    frames: AsyncIterator[Frame | bytes], *, feed: Feed[Any], caller: Caller, streams: Streams
) -> EventSourceResponse:
    """The answer; when the server stops, the feed is closed first so that the stream ends in order."""
    stopping = anyio.Event()

    async def end_in_order() -> None:
        await stopping.wait()
        feed.close()

    made = _Counted(
        _in_order(frames),
        ping=KEEPALIVE_S,
        send_timeout=SEND_TIMEOUT_S,
        sep="\n",
        data_sender_callable=end_in_order,
        shutdown_event=stopping,
        shutdown_grace_period=1.0,
    )
    made.caller, made.streams = caller, streams
    return made


async def _in_order(frames: AsyncIterator[Frame | bytes]) -> AsyncIterator[Frame | bytes]:
    """The frames, to the end or until the database is away: from its last place the reader then asks again."""
    try:
        with answering():
            async with aclosing(cast("AsyncGenerator[Frame | bytes, None]", frames)):  # who is gone listens no more
                async for frame in frames:
                    yield frame
    except DatabaseAway as away:
        log.warning("a stream ends early", reason=away.detail)
        yield {"retry": RETRY_MS}


@asynccontextmanager
async def closing(runtime: Runtime, feed: Callable[[Runtime], Feed[Any]]) -> AsyncIterator[None]:
    """While the block runs: streams of the feed end as soon as the process is to stop."""
    waiting = asyncio.create_task(_close(runtime, feed))
    try:
        yield
    finally:
        runtime.stopping.set()
        await waiting


async def _close(runtime: Runtime, feed: Callable[[Runtime], Feed[Any]]) -> None:
    await runtime.stopping.wait()
    runtime.once(feed).close()

"""What a caller may have at once: a few streams each, and the requests of its tenant."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from infra.runtime.auth.caller import LOCAL, Caller
from infra.runtime.events.feed import TooManyStreams
from infra.runtime.http.streams import EACH, Streams
from tests.contract.auth.guarded import House, house

EVENTS = "/api/v1/events/stream"
JOBS = "/api/background/stream/progress"


@asynccontextmanager
async def stream(at: House, path: str, key: str | None) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with at.http.get(at.url + path, headers=headers) as answer:
        if answer.status == 200:
            await answer.content.readany()  # the first frame is there: it counts
        yield answer


async def test_a_caller_has_five_streams_and_no_more(database_dsn: str, tmp_path: Path) -> None:
    async with house(database_dsn, tmp_path) as at, AsyncExitStack() as open_ones:
        key, other = await at.key("read"), await at.key("read")
        for path in (EVENTS, JOBS, EVENTS, JOBS):
            await open_ones.enter_async_context(stream(at, path, key))
        async with stream(at, EVENTS, key) as fifth:
            answers = [await said(stream(at, path, key)) for path in (EVENTS, JOBS)]
            others = (await said(stream(at, EVENTS, other)))[0]
        again = await until_let_in(at, key)

    assert fifth.status == 200
    assert answers == [(429, "TOO_MANY_STREAMS", 5)] * 2
    assert (others, again) == (200, 200)


async def said(opening: Any) -> tuple[int, Any, Any]:
    async with opening as answer:
        body = await answer.json(content_type=None) if answer.status != 200 else {}
        return answer.status, body.get("code"), body.get("limit")


async def until_let_in(at: House, key: str) -> int:
    """The server hears of a closed connection a moment later."""
    for _ in range(200):
        status, *_ = await said(stream(at, EVENTS, key))
        if status == 200:
            break
    return status


async def test_without_authentication_nobody_is_counted(database_dsn: str, tmp_path: Path) -> None:
    async with house(database_dsn, tmp_path, auth="off") as at, AsyncExitStack() as open_ones:
        statuses = [(await open_ones.enter_async_context(stream(at, EVENTS, None))).status for _ in range(EACH + 2)]

    assert set(statuses) == {200}


def test_a_refused_stream_counts_for_nothing() -> None:
    streams, caller = Streams(each=1), Caller(tenant="t", scope="read", name="n")
    for _ in range(2):
        with streams.one(caller), pytest.raises(TooManyStreams), streams.one(caller):
            pass
    with streams.one(LOCAL), streams.one(LOCAL):
        pass


async def test_the_rate_limit_is_each_tenants_own_and_counts_all_of_its_callers(
    database_dsn: str, tmp_path: Path
) -> None:
    async with house(database_dsn, tmp_path, rate_limit=0.001) as at:
        first, second = await at.key("read", tenant="north"), await at.key("read", tenant="north")
        other = await at.key("read", tenant="south")
        answers = [(await at.ask("GET", "/api/v2/jobs", key=key))[0] for key in (first, second, other)]
        strangers = [(await at.ask("GET", "/api/v2/jobs"))[0] for _ in range(3)]
        watching = [(await at.ask("GET", "/readyz"))[0] for _ in range(3)]

    assert answers == [200, 429, 200]
    assert (set(strangers), set(watching)) == ({401}, {200})  # who is nobody takes nothing from anybody

"""Another team's function takes what every bus pushes to it, as it stands."""

import asyncio
from datetime import UTC, datetime

from schemas.envelope import Envelope
from schemas.event import envelop
from schemas.events.crawl_failed import CrawlFailed
from schemas.subscribe import subscribe
from tests.contract.bus.rig import PATIENCE, Rig, consuming, reader
from tests.contract.http.house import serving


def failed(number: int) -> CrawlFailed:
    return CrawlFailed(crawl_id=f"c{number}", attempt=1, error="é", code="TIMEOUT", stage="s", recovery="r")


def sent(event: CrawlFailed) -> Envelope:
    return envelop(event, time=datetime(2025, 1, 1, tzinfo=UTC), tenant="default")


async def test_a_subscribers_function_gets_each_event_typed_and_once(rig: Rig) -> None:
    got: asyncio.Queue[CrawlFailed] = asyncio.Queue()
    calls: list[str] = []

    @subscribe("crawl.failed")
    async def note(event: CrawlFailed) -> None:
        calls.append(event.crawl_id)
        if calls == ["c1"]:
            raise RuntimeError("the first time")
        got.put_nowait(event)

    bus = await rig.bus()
    async with serving(note.asgi) as port:  # type: ignore[arg-type]  # any application
        await bus.declare(reader("team", topic="crawl.failed", push_url=f"http://127.0.0.1:{port}/"))
        async with consuming(bus, {}):
            await bus.publish([sent(failed(1))])
            assert await asyncio.wait_for(got.get(), PATIENCE) == failed(1)
            await bus.publish([sent(failed(1)), sent(failed(2))])  # a repetition, as after a crash
            assert await asyncio.wait_for(got.get(), PATIENCE) == failed(2)

    assert calls == ["c1", "c1", "c2"]
    assert got.empty()

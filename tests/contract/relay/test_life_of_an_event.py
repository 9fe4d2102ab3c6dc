"""Commit, relay, bus and function together."""

import asyncio

from infra.embedded.bus import EmbeddedBus
from infra.embedded.consumer import Pace
from infra.postgres.database import Database
from infra.runtime.events.bus import Subscription
from infra.runtime.events.relay import Relay
from infra.runtime.events.subscriber import subscriber
from schemas.events.crawl_failed import CrawlFailed
from schemas.problem import Problem, ProblemClass

PATIENCE = 10.0
FAILED = CrawlFailed(crawl_id="c", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")


class NoSuchTable(Problem):
    code = "WAREHOUSE_MISMATCH"
    kind = ProblemClass.PERMANENT


async def test_a_recorded_event_reaches_a_function_which_records_the_next_one(database: Database) -> None:
    bus = EmbeddedBus(database, doorbell=asyncio.Event(), pace=Pace(poll_s=60.0))  # only the doorbell can be this fast
    relay = Relay(database, bus)
    got: asyncio.Queue[CrawlFailed] = asyncio.Queue()
    stop = asyncio.Event()

    async def handle(event: CrawlFailed) -> None:
        if event.attempt == 1:
            async with database.transaction() as tx:
                await tx.record(event.model_copy(update={"attempt": 2}), tenant="default")
        got.put_nowait(event)

    await bus.declare(Subscription(name="notice", topic=CrawlFailed.topic))
    consumption = asyncio.create_task(bus.consume({"notice": subscriber(CrawlFailed, handle)}, stop))
    async with database.transaction() as tx:
        await tx.record(FAILED, tenant="default")
    attempts = [(await asyncio.wait_for(got.get(), PATIENCE)).attempt for _ in range(2)]
    stop.set()
    await consumption
    await relay.close()

    assert attempts == [1, 2]


async def test_a_refusal_is_recorded_and_acknowledged(database: Database) -> None:
    bus = EmbeddedBus(database, doorbell=asyncio.Event())
    stop = asyncio.Event()

    async def handle(event: CrawlFailed) -> None:
        stop.set()
        raise NoSuchTable(f"no table for {event.crawl_id}")

    await bus.declare(Subscription(name="notice", topic=CrawlFailed.topic))
    async with database.transaction() as tx:
        await tx.record(FAILED, tenant="default")
    await Relay(database, bus).sweep()
    await bus.consume({"notice": subscriber(CrawlFailed, handle)}, stop)

    [letter] = await bus.dead_letters(10)
    assert (letter.outcome, letter.reason, letter.detail) == ("refused", "WAREHOUSE_MISMATCH", "no table for c")
    assert (letter.envelope.id, letter.attempts) == (FAILED.id, 1)
    assert await database.pool.fetchval("SELECT count(*) FROM deliveries") == 0

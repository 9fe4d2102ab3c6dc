"""What only the bus in PostgreSQL promises: leases, poison guard, giving back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from infra.embedded.consumer import Consumer, Pace
from infra.postgres.database import Database
from schemas.envelope import Envelope
from tests.contract.bus.rig import PATIENCE, EmbeddedRig, Inbox, consuming, event, reader, set_aside

SHORT = Pace(poll_s=0.02, lease_s=0.9)


@pytest.fixture
async def embedded(database_dsn: str) -> AsyncIterator[EmbeddedRig]:
    async with AsyncExitStack() as stack:
        yield EmbeddedRig(database_dsn, stack)


async def doubled(rig: EmbeddedRig) -> bool:
    """Whether a handler that runs longer than its lease sees its event handled a second time."""
    bus = await rig.bus(SHORT)
    await bus.declare(reader())
    second = asyncio.Event()

    async def handle(envelope: Envelope, attempt: int) -> None:
        if attempt > 1:
            second.set()
        try:
            await asyncio.wait_for(second.wait(), 2 * SHORT.lease_s)
        except TimeoutError:
            return

    async with consuming(bus, {"load": handle}):
        await bus.publish([event(1)])
        await asyncio.wait({asyncio.create_task(second.wait())}, timeout=2 * SHORT.lease_s)
    return second.is_set()


async def test_a_handler_that_outlives_its_lease_keeps_its_event(embedded: EmbeddedRig) -> None:
    assert not await doubled(embedded)


async def test_control_without_heartbeat_the_event_is_doubled(
    embedded: EmbeddedRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(self: Consumer) -> None:
        return

    monkeypatch.setattr(Consumer, "_keep_holding", deaf)

    assert await doubled(embedded)


async def test_a_failed_delivery_waits_as_long_as_its_subscription_says(embedded: EmbeddedRig) -> None:
    bus, load = await embedded.bus(), Inbox(RuntimeError())
    await bus.declare(reader(min_backoff_s=60.0, max_backoff_s=60.0))

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()
        await bus.publish([event(2)])

        assert (await load.next())[0].id == event(2).id


async def test_a_message_that_kills_its_readers_is_set_aside(embedded: EmbeddedRig, database: Database) -> None:
    bus, load = await embedded.bus(), Inbox()
    await bus.declare(reader(max_attempts=2))
    await bus.publish([event(1)])
    await database.pool.execute("UPDATE deliveries SET attempts = 2")  # two leases ended without an answer

    async with consuming(bus, {"load": load}):
        [letter] = await set_aside(bus)

    assert (letter.outcome, letter.reason) == ("exhausted", "LEASE_EXPIRED")
    assert load.empty()


async def test_a_stopped_consumer_gives_back_what_it_had_not_finished(embedded: EmbeddedRig) -> None:
    leaving, staying, load = await embedded.bus(Pace(grace_s=0.0)), await embedded.bus(), Inbox()
    await leaving.declare(reader())
    begun = asyncio.Event()

    async def hang(envelope: Envelope, attempt: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with consuming(leaving, {"load": hang}):
        await leaving.publish([event(1)])
        await asyncio.wait_for(begun.wait(), PATIENCE)

    async with consuming(staying, {"load": load}):
        assert await load.next() == (event(1), 1)


async def test_a_stopped_consumer_lets_running_handlers_finish(embedded: EmbeddedRig, database: Database) -> None:
    bus, stop, begun, go = await embedded.bus(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    await bus.declare(reader())
    await bus.publish([event(1)])

    async def handle(envelope: Envelope, attempt: int) -> None:
        begun.set()
        await go.wait()

    consumption = asyncio.create_task(bus.consume({"load": handle}, stop))
    await asyncio.wait_for(begun.wait(), PATIENCE)
    stop.set()
    go.set()
    await consumption

    assert await database.pool.fetchval("SELECT count(*) FROM deliveries") == 0


async def test_a_late_answer_of_a_lost_lease_does_not_disturb_its_new_holder(
    embedded: EmbeddedRig, database: Database
) -> None:
    bus, begun, go = await embedded.bus(), asyncio.Event(), asyncio.Event()
    await bus.declare(reader(max_attempts=1))
    await bus.publish([event(1)])

    async def fail_late(envelope: Envelope, attempt: int) -> None:
        begun.set()
        await go.wait()
        raise RuntimeError("too late")

    async with consuming(bus, {"load": fail_late}):
        await asyncio.wait_for(begun.wait(), PATIENCE)
        await database.pool.execute("UPDATE deliveries SET attempts = 2, due_at = now() + interval '1 h'")
        go.set()

    assert await bus.dead_letters(10) == []
    assert await database.pool.fetchval("SELECT attempts FROM deliveries") == 2


async def test_a_database_that_goes_away_does_not_end_the_consumer(embedded: EmbeddedRig, database: Database) -> None:
    bus, load = await embedded.bus(), Inbox()
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()
        await database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Published beside the bus, whose own connections may still have to notice.
        await database.pool.execute(
            "INSERT INTO deliveries (subscription, event_id, type, source, tenant, subject, time, data)"
            " VALUES ('load', 'second', 't', 's', 'default', 'x', now(), '{}')"
        )
        received = {(await load.next())[0].id}
        if received != {"second"}:  # the cut connection may have carried the acknowledgement of the first
            received = {(await load.next())[0].id}

    assert received == {"second"}


async def test_what_is_due_is_found_by_the_index_however_much_waits(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO bus_subscriptions VALUES ('load', 't', NULL, 20, 1, 600)")
        await tx.execute(
            "INSERT INTO deliveries (subscription, event_id, type, source, tenant, subject, time, data, due_at)"
            " SELECT 'load', n, 't', 's', 'default', 'x', now(), '{}', now() + interval '1 h'"
            " FROM generate_series(1, 5000) n"
        )
    await database.pool.execute("ANALYZE deliveries")

    def wades(plan: list[str]) -> bool:
        return any("Rows Removed by Filter" in line for line in plan)

    query = "SELECT id FROM deliveries WHERE subscription = 'load' AND due_at <= {} ORDER BY due_at, id LIMIT 16"
    stable = [row[0] for row in await database.pool.fetch("EXPLAIN ANALYZE " + query.format("now()"))]
    volatile = [row[0] for row in await database.pool.fetch("EXPLAIN ANALYZE " + query.format("clock_timestamp()"))]

    assert not wades(stable)
    assert wades(volatile)  # the control: reads all that waits

"""From the outbox to the bus: at least once, whatever dies, in whatever order transactions commit."""

import asyncio
from collections.abc import Sequence

import pytest

from infra.postgres import outbox
from infra.postgres.database import Database
from infra.runtime.events.relay import Relay
from schemas.envelope import Envelope
from tests.contract.relay.rig import Radio, failed, tell, time_passes, triggered, waiting


async def test_events_are_told_right_after_their_commit_and_leave_the_outbox(database: Database) -> None:
    radio = Radio()
    relay = Relay(database, radio)

    await tell(database, triggered(1), failed(1))
    await relay.settle()

    assert sorted(radio.told) == sorted([triggered(1).id, failed(1).id])
    assert await waiting(database) == 0
    assert await database.pool.fetchval("SELECT count(*) FROM events") == 2


async def test_a_rolled_back_event_is_never_told(database: Database) -> None:
    radio = Radio()
    relay = Relay(database, radio)

    async def change_of_mind() -> None:
        async with database.transaction() as tx:
            await tx.record(triggered(1), tenant="default")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await change_of_mind()
    await relay.settle()

    assert await relay.sweep() == 0
    assert radio.told == []


async def test_a_sweep_tells_what_another_process_left_behind(database: Database) -> None:
    await tell(database, *(triggered(number) for number in range(25)))  # nobody listened
    radio = Radio()

    assert await Relay(database, radio, batch=10).sweep() == 25
    assert sorted(radio.told) == sorted(triggered(number).id for number in range(25))
    assert radio.calls == [10, 10, 5]


async def test_a_closed_relay_no_longer_listens(database: Database) -> None:
    radio = Radio()
    relay = Relay(database, radio)
    await relay.close()
    await relay.close()

    await tell(database, triggered(1))

    assert radio.told == []
    assert await waiting(database) == 1


async def lost_behind_a_slow_transaction(database: Database, sweep: object) -> set[str]:
    """Ids that were never told although a fast transaction overtook a slow one that holds a lower number."""
    radio = Radio()
    reader = sweep(database, radio)  # type: ignore[operator]  # a class, or the control beside it
    slow = await database.pool.acquire()
    transaction = slow.transaction()
    await transaction.start()
    await outbox.store(slow, [outbox.fact(triggered(1), tenant="default")])
    await tell(database, triggered(2))
    await reader.settle()
    await reader.sweep()
    assert radio.told == [triggered(2).id]
    await transaction.commit()
    await database.pool.release(slow)
    await reader.sweep()
    await reader.close()
    return {triggered(1).id, triggered(2).id} - set(radio.told)


class ByNumber:
    """The control: a reader that remembers the highest number it saw."""

    def __init__(self, database: Database, radio: Radio) -> None:
        self._database, self._radio, self._last = database, radio, 0

    async def sweep(self) -> None:
        for row in await self._database.pool.fetch("SELECT * FROM outbox WHERE seq > $1 ORDER BY seq", self._last):
            self._last = row["seq"]
            self._radio.told.append(str(row["id"]))

    async def settle(self) -> None:
        """It only looks when it sweeps."""

    async def close(self) -> None:
        """It holds nothing."""


async def test_a_transaction_that_commits_late_is_not_skipped(database: Database) -> None:
    assert await lost_behind_a_slow_transaction(database, Relay) == set()


async def test_control_a_reader_by_number_skips_it(database: Database) -> None:
    assert await lost_behind_a_slow_transaction(database, ByNumber) == {triggered(1).id}


class ForgetsFirst(Relay):
    """The control: deletes before it publishes."""

    async def _publish(self, claimed: dict[int, Envelope]) -> int:
        async with self._database.pool.acquire() as connection:
            await outbox.published(connection, list(claimed))
        await self._bus.publish(list(claimed.values()))
        return len(claimed)


async def told_around_a_crash(database: Database, kind: type[Relay], *, bus_had_it: bool) -> list[str]:
    """What the bus heard when the relay died around a publication and another one swept later."""
    radio = Radio()
    if bus_had_it:
        radio.crash = asyncio.CancelledError()
    else:
        radio.publish = _die  # type: ignore[method-assign]  # the process dies on the way
    await tell(database, triggered(1))
    with pytest.raises(asyncio.CancelledError):
        await kind(database, radio).sweep()
    await time_passes(database)
    survivor = Radio()
    await kind(database, survivor).sweep()
    return radio.told + survivor.told


async def _die(envelopes: Sequence[Envelope]) -> None:
    raise asyncio.CancelledError


async def test_a_crash_after_publishing_tells_the_event_again_with_the_same_id(database: Database) -> None:
    assert await told_around_a_crash(database, Relay, bus_had_it=True) == [triggered(1).id] * 2
    assert await waiting(database) == 0


async def test_a_crash_before_publishing_loses_nothing(database: Database) -> None:
    assert await told_around_a_crash(database, Relay, bus_had_it=False) == [triggered(1).id]


async def test_control_a_relay_that_deletes_first_loses_the_event(database: Database) -> None:
    assert await told_around_a_crash(database, ForgetsFirst, bus_had_it=False) == []


async def test_two_sweeps_at_once_share_the_outbox(database: Database) -> None:
    await tell(database, *(triggered(number) for number in range(60)))
    radio = Radio()

    counts = await asyncio.gather(*(Relay(database, radio, batch=5).sweep() for _ in range(3)))

    assert sum(counts) == 60
    assert len(radio.told) == len(set(radio.told)) == 60

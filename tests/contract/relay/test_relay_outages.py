"""While the bus is away, or refuses a topic, events wait in the outbox and nowhere else."""

import asyncio

import pytest

from infra.postgres.database import Database
from infra.runtime.events.relay import Relay
from schemas.events.crawl_triggered import CrawlTriggered
from tests.contract.relay.rig import Radio, failed, tell, time_passes, triggered, waiting


async def test_while_the_bus_is_away_nothing_piles_up_in_memory(database: Database) -> None:
    radio = Radio()
    radio.deaf_to = {CrawlTriggered.topic}
    relay = Relay(database, radio, batch=7)
    before = len(asyncio.all_tasks())

    for number in range(200):
        await tell(database, triggered(number))
        assert len(asyncio.all_tasks()) < before + 8  # one run, what it and the pool start
    await relay.settle()

    assert radio.most == 1
    assert max(radio.calls) <= 7
    assert await waiting(database) == 200


async def test_after_an_outage_a_sweep_tells_everything(database: Database) -> None:
    radio = Radio()
    radio.deaf_to = {CrawlTriggered.topic}
    relay = Relay(database, radio)
    await tell(database, *(triggered(number) for number in range(5)))
    await relay.settle()
    assert await relay.sweep() == 0  # all are postponed

    radio.deaf_to.clear()
    await time_passes(database)

    assert await relay.sweep() == 5
    assert await waiting(database) == 0


async def test_a_topic_that_fails_does_not_hold_up_the_others(database: Database) -> None:
    radio = Radio()
    radio.deaf_to = {CrawlTriggered.topic}
    await tell(database, triggered(1), failed(1), triggered(2), failed(2))

    assert await Relay(database, radio).sweep() == 2
    assert sorted(radio.told) == sorted([failed(1).id, failed(2).id])
    assert await waiting(database) == 2


async def test_a_sweep_says_when_the_bus_is_away(database: Database) -> None:
    radio = Radio()
    radio.deaf_to = {CrawlTriggered.topic}
    await tell(database, triggered(1))

    with pytest.raises(ConnectionError):
        await Relay(database, radio).sweep()


async def test_an_event_that_is_never_taken_does_not_hold_up_its_topic(database: Database) -> None:
    radio = Radio()
    radio.refused = {triggered(2).id}
    await tell(database, *(triggered(number) for number in range(5)))

    assert await Relay(database, radio).sweep() == 4
    assert sorted(radio.told) == sorted(triggered(number).id for number in (0, 1, 3, 4))
    assert await waiting(database) == 1

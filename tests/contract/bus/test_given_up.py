"""What Pub/Sub gave up by itself is listed, once, whatever dies in between."""

import asyncio
import sys
from typing import Any

import pytest
from google.pubsub_v1.types import PubsubMessage

from infra.gcp.pubsub.message import written
from infra.gcp.pubsub.topology import DEAD_LETTERS
from infra.postgres.database import Database
from tests.contract.bus.rig import PATIENCE, Inbox, PubSubRig, consuming, event, reader, set_aside

PROGRAM = """
import asyncio, sys
from infra.gcp.pubsub import PubSubBus
from infra.postgres.database import Database

async def main(dsn, emulator, project):
    database = await Database.connect(dsn, size=2)
    async with PubSubBus(project, database, emulator=emulator) as bus:
        async def never(**_):
            print("kept", flush=True)
            await asyncio.Event().wait()

        bus._clients.subscriber.acknowledge = never
        await bus.keep_dead_letters(asyncio.Event())

asyncio.run(main(*sys.argv[1:]))
"""


def given_up(number: int, **changes: str) -> PubsubMessage:
    """A message as Pub/Sub forwards it."""
    message = written(event(number))
    told = {
        "DeliveryCount": "5",
        "Subscription": "load",
        "SubscriptionProject": "p",
        "TopicPublishTime": "2025-11-22T03:14:16.000+00:00",
        **changes,
    }
    message.attributes.update({f"CloudPubSubDeadLetterSource{name}": value for name, value in told.items()})
    return message


async def test_what_pubsub_gave_up_is_listed_and_can_be_replayed(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(keeping=False), Inbox()
    await bus.declare(reader())
    await pubsub.publish(given_up(1), topic=DEAD_LETTERS)

    assert await bus.keep_dead_letters(asyncio.Event()) == 1
    [letter] = await bus.dead_letters(10)
    async with consuming(bus, {"load": load}):
        await bus.replay(letter.id)

        assert await load.next() == (event(1), 1)
    assert (letter.subscription, letter.envelope, letter.attempts) == ("load", event(1), 5)
    assert (letter.outcome, letter.reason) == ("exhausted", "NOT_ACKNOWLEDGED")


async def test_one_that_comes_twice_is_one(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus(keeping=False)
    again = given_up(1, TopicPublishTime="2025-11-22T03:14:17.000+00:00")
    await pubsub.publish(given_up(1), given_up(1), again, topic=DEAD_LETTERS)

    assert await bus.keep_dead_letters(asyncio.Event()) == 3
    assert len(await bus.dead_letters(10)) == 2  # the control: published twice, it is two


async def test_whatever_a_stranger_put_there_does_not_stop_the_others(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus(keeping=False)
    spoiled = PubsubMessage(data=b'{"n": 1' + b"0" * 30 + b"}", attributes={**event(2).headers(), "ce-subject": "\0"})
    await pubsub.publish(spoiled, given_up(1, DeliveryCount="many"), topic=DEAD_LETTERS)

    assert await bus.keep_dead_letters(asyncio.Event()) == 2
    assert {one.subscription: one.attempts for one in await bus.dead_letters(10)} == {DEAD_LETTERS: 1, "load": 1}


async def test_looking_for_more_ends_at_once_when_asked_to_stop(pubsub: PubSubRig) -> None:
    bus, stop = await pubsub.bus(keeping=False), asyncio.Event()
    keeping = asyncio.create_task(bus.keep_dead_letters(stop))
    await asyncio.sleep(0)

    stop.set()

    assert await asyncio.wait_for(keeping, 1.0) == 0


async def test_a_row_that_cannot_be_stored_leaves_the_message_where_it_was(
    pubsub: PubSubRig, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await pubsub.bus(keeping=False)
    await pubsub.publish(given_up(1), topic=DEAD_LETTERS)
    asked: list[Any] = []

    async def acknowledge(**given: Any) -> None:
        asked.append(given)

    monkeypatch.setattr(bus._clients.subscriber, "acknowledge", acknowledge)
    await database.pool.execute("ALTER TABLE dead_letters ADD CONSTRAINT no_room CHECK (false)")

    with pytest.raises(Exception, match="no_room"):
        await bus.keep_dead_letters(asyncio.Event())

    assert asked == []


@pytest.mark.slow
async def test_a_letter_survives_the_kill_of_whoever_keeps_it_and_stays_one(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus(keeping=False)
    await pubsub.publish(*[given_up(number) for number in range(20)], topic=DEAD_LETTERS)
    command = [sys.executable, "-c", PROGRAM, pubsub.dsn, pubsub.emulator, pubsub.project]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told = await asyncio.wait_for(process.stdout.readline(), PATIENCE)  # committed, not acknowledged
    process.kill()
    await process.wait()

    again = 0
    async with asyncio.timeout(60.0):  # its lease ends first
        while again < 20:
            again += await bus.keep_dead_letters(asyncio.Event())

    assert told == b"kept\n"
    assert sorted(one.envelope.id for one in await set_aside(bus, 20)) == [event(number).id for number in range(20)]
    assert len(await bus.dead_letters(100)) == 20

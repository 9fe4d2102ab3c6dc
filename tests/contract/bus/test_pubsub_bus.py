"""What only the bus on Pub/Sub promises: batches, streams that heal, messages of strangers, pushes that fail."""

import asyncio
from typing import Any

import pytest
from google.pubsub_v1.types import PubsubMessage

from infra.gcp.pubsub import PubSubBus
from infra.gcp.pubsub.lane import Pace
from infra.gcp.pubsub.trouble import BusUnavailable, SubscriptionElsewhere, TopologyMissing
from infra.postgres.database import Database
from schemas.envelope import Envelope
from tests.contract.bus.endpoint import Endpoint, Serve
from tests.contract.bus.rig import PATIENCE, QUICK, Inbox, PubSubRig, consuming, event, reader, set_aside


async def test_a_publication_is_as_few_requests_as_possible(pubsub: PubSubRig, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, sizes = await pubsub.bus(), []
    publisher: Any = bus._clients.publisher
    publish = publisher.publish

    async def counting(*, messages: list[Any], **given: Any) -> Any:
        sizes.append(len(messages))
        return await publish(messages=messages, **given)

    monkeypatch.setattr(publisher, "publish", counting)
    await bus.declare(reader())

    await bus.publish([event(number) for number in range(2_500)])

    assert sizes == [1_000, 1_000, 500]


async def test_events_of_no_known_topic_are_refused_so_that_they_stay_in_the_outbox(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus()

    with pytest.raises(TopologyMissing) as caught:
        await bus.publish([event(1, topic="crawl.unheard_of")])

    assert "crawl.unheard_of" in caught.value.detail
    assert caught.value.retryable


async def test_a_dead_pubsub_is_noticed_in_seconds(pubsub: PubSubRig, database: Database) -> None:
    async with asyncio.timeout(PATIENCE), PubSubBus("test-nobody", database, emulator="127.0.0.1:9") as bus:
        with pytest.raises(BusUnavailable):
            await bus.publish([event(1)])


async def test_a_message_of_a_stranger_is_set_aside_as_it_came(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(), Inbox()
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await pubsub.publish(PubsubMessage(data=b"hello\x00\xff", attributes={"who": "me"}))
        [letter] = await set_aside(bus)

    assert (letter.outcome, letter.reason, letter.attempts) == ("poison", "POISON_MESSAGE", 1)
    assert letter.envelope.data == {
        "attributes": {"who": "me"},
        "text": "hello\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
    }
    assert load.empty()


async def test_a_stream_that_breaks_is_opened_anew(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(), Inbox()
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()
        await bus.remove("load")
        await bus.declare(reader())
        await bus.publish([event(2)])

        assert (await load.next())[0].id == event(2).id


async def test_a_stream_that_breaks_as_nobody_foresaw_is_opened_anew_too(
    pubsub: PubSubRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, load = await pubsub.bus(), Inbox()
    subscriber: Any = bus._clients.subscriber
    opening, unforeseen = subscriber.streaming_pull, [RuntimeError("unforeseen")]

    async def stumbling(**given: Any) -> Any:
        if unforeseen:
            raise unforeseen.pop()
        return await opening(**given)

    monkeypatch.setattr(subscriber, "streaming_pull", stumbling)
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        assert (await load.next())[0].id == event(1).id


async def test_a_stopped_consumer_lets_running_handlers_finish(pubsub: PubSubRig) -> None:
    bus, stop, begun, go = await pubsub.bus(), asyncio.Event(), asyncio.Event(), asyncio.Event()
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

    assert await pubsub.pulled("load") == []


async def test_a_stopped_consumer_gives_back_what_it_had_not_finished(pubsub: PubSubRig) -> None:
    leaving, staying, load = await pubsub.bus(Pace(grace_s=0.0)), await pubsub.bus(), Inbox()
    await leaving.declare(reader())
    begun = asyncio.Event()

    async def hang(envelope: Envelope, attempt: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with consuming(leaving, {"load": hang}):
        await leaving.publish([event(1)])
        await asyncio.wait_for(begun.wait(), PATIENCE)

    async with consuming(staying, {"load": load}):
        assert (await load.next())[0].id == event(1).id


@pytest.mark.slow
async def test_a_handler_that_outlives_its_lease_keeps_its_event(pubsub: PubSubRig) -> None:
    bus, begun = await pubsub.bus(QUICK), []
    await bus.declare(reader())

    async def handle(envelope: Envelope, attempt: int) -> None:
        begun.append(attempt)
        await asyncio.sleep(1.5 * QUICK.lease_s)

    async with consuming(bus, {"load": handle}):
        await bus.publish([event(1)])
        await asyncio.sleep(1.3 * QUICK.lease_s)

    assert begun == [1]


@pytest.mark.slow
async def test_an_event_of_a_killed_reader_comes_back_in_the_end(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(), Inbox()
    await bus.declare(reader(max_attempts=100))
    await bus.publish([event(1)])
    process = await asyncio.create_subprocess_exec(*pubsub.stuck_reader("load"), stdout=asyncio.subprocess.PIPE)
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.kill()
    await process.wait()

    async with consuming(bus, {"load": load}):
        envelope, attempt = await load.next(patience=180.0)  # see the differences

    assert line.decode().split() == [event(1).id, "1"]
    assert (envelope, attempt > 1) == (event(1), True)


@pytest.mark.slow
async def test_a_push_nobody_takes_ends_as_a_dead_letter_after_five_attempts(pubsub: PubSubRig, serve: Serve) -> None:
    bus, endpoint = await pubsub.bus(), Endpoint()
    endpoint.answers = [500] * 100
    await bus.declare(reader(push_url=await serve(endpoint), max_attempts=2))

    await bus.publish([event(1)])
    [letter] = await set_aside(bus, patience=90.0)

    assert endpoint.got.qsize() == letter.attempts == 5
    assert (letter.envelope, letter.subscription) == (event(1), "load")
    assert (letter.outcome, letter.reason) == ("exhausted", "NOT_ACKNOWLEDGED")


async def test_a_subscription_cannot_move_to_another_topic(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus()
    await bus.declare(reader())

    with pytest.raises(SubscriptionElsewhere):
        await bus.declare(reader(topic="crawl.failed"))

"""What the service does and Google's emulator does not: each test fails, and says so when it no longer does."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument

from infra.gcp.pubsub.message import written
from tests.contract.bus.endpoint import Endpoint, Serve
from tests.contract.bus.rig import Inbox, PubSubRig, consuming, event, reader

WAIT = 8.0  # seconds; the emulator needs one to three


def differs(why: str, *, shown_by: type[Exception] = AssertionError) -> pytest.MarkDecorator:
    """Any other failure than the one expected is a failure."""
    return pytest.mark.xfail(reason=why, strict=True, raises=shown_by)


async def within_wait(comes: Coroutine[Any, Any, object]) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(comes, WAIT)
        return True
    return False


@differs("filters are stored and never applied")
async def test_a_filter_keeps_a_message_for_another_subscription_away(pubsub: PubSubRig) -> None:
    bus = await pubsub.bus()
    await bus.declare(reader("load"))
    await bus.declare(reader("index"))
    await pubsub.publish(written(event(1), only="index"))

    if await pubsub.pulled("index") != [event(1).id]:
        raise RuntimeError("the control: it was not published at all")
    assert await pubsub.pulled("load") == []


@differs("pushes carry no token")
async def test_a_push_carries_a_token_of_its_service_account(pubsub: PubSubRig, serve: Serve) -> None:
    bus, endpoint = await pubsub.bus(push_account="push@test.iam.gserviceaccount.com"), Endpoint()
    await bus.declare(reader(push_url=await serve(endpoint)))
    await bus.publish([event(1)])

    headers, _ = await endpoint.next()

    assert headers.get("authorization", "").startswith("Bearer ")


@differs("a message that failed is repeated after a second, whatever the retry policy says")
async def test_a_failed_delivery_waits_as_long_as_its_subscription_says(pubsub: PubSubRig) -> None:
    bus, load = await pubsub.bus(), Inbox(RuntimeError())
    await bus.declare(reader(min_backoff_s=60.0, max_backoff_s=60.0))

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()

        assert not await within_wait(load.next())


@differs("a push that failed is repeated after a second, whatever the retry policy says")
async def test_a_failed_push_waits_as_long_as_its_subscription_says(pubsub: PubSubRig, serve: Serve) -> None:
    bus, endpoint = await pubsub.bus(), Endpoint()
    endpoint.answers = [500]
    await bus.declare(reader(push_url=await serve(endpoint), min_backoff_s=60.0, max_backoff_s=60.0))
    await bus.publish([event(1)])
    await endpoint.next()

    assert not await within_wait(endpoint.got.get())


@differs("labels of a topic cannot be changed", shown_by=InvalidArgument)
async def test_a_topic_takes_labels(pubsub: PubSubRig) -> None:
    await pubsub.bus()
    clients = await pubsub.clients()
    topic = {"name": clients.topic("crawl.triggered"), "labels": {"owner": "a"}}

    await clients.publisher.update_topic(request={"topic": topic, "update_mask": {"paths": ["labels"]}}, timeout=5)

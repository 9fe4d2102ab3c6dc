"""What every bus promises to an endpoint."""

import json

import pytest

from tests.contract.bus.endpoint import Endpoint, Serve
from tests.contract.bus.rig import TOPIC, Rig, consuming, event, reader, set_aside


async def test_an_endpoint_gets_the_event_in_cloudevents_binary_mode(rig: Rig, serve: Serve) -> None:
    bus, endpoint = await rig.bus(), Endpoint()
    await bus.declare(reader(push_url=await serve(endpoint)))
    sent = event(1, gcs_path="gs://b/ü", row_count=3, share=0.5, none=None)

    async with consuming(bus, {}):
        await bus.publish([sent])
        headers, body = await endpoint.next()

    assert body == json.dumps(sent.data, separators=(",", ":"), ensure_ascii=False).encode()
    assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": sent.id,
        "ce-type": TOPIC,
        "ce-source": "//headrace/crawls",
        "ce-subject": "crawl-1",
        "ce-time": "2025-11-22T03:14:15.926535Z",
        "ce-tenant": "default",
        "ce-traceparent": sent.traceparent,
    }
    assert headers["content-type"] == "application/json"
    assert (headers[":method"], headers[":path"]) == ("POST", "/events?team=a")


@pytest.mark.parametrize("status", [302, 307, 400, 404, 429, 500, 503])
async def test_any_other_answer_means_again_and_redirects_are_not_followed(rig: Rig, serve: Serve, status: int) -> None:
    bus, endpoint = await rig.bus(), Endpoint()
    endpoint.answers = [status]
    await bus.declare(reader(push_url=await serve(endpoint)))

    async with consuming(bus, {}):
        await bus.publish([event(1)])
        first, second = await endpoint.next(), await endpoint.next()

    assert first == second


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_an_acknowledged_event_is_not_pushed_again(rig: Rig, serve: Serve, status: int) -> None:
    bus, endpoint = await rig.bus(), Endpoint()
    endpoint.answers = [status]
    await bus.declare(reader(push_url=await serve(endpoint)))

    async with consuming(bus, {}):
        await bus.publish([event(1)])
        await endpoint.next()
        await bus.publish([event(2)])

        assert (await endpoint.next())[0]["ce-id"] == event(2).id


async def test_an_endpoint_that_is_not_there_ends_as_a_dead_letter(rig: Rig) -> None:
    bus = await rig.bus()
    await bus.declare(reader(push_url="http://127.0.0.1:9/", max_attempts=2))

    async with consuming(bus, {}):
        await bus.publish([event(1)])
        [letter] = await set_aside(bus)

    assert (letter.outcome, letter.attempts, letter.reason) == ("exhausted", 2, "ClientConnectorError")


async def test_a_slow_endpoint_is_bounded_and_delays_nobody_else(rig: Rig, serve: Serve) -> None:
    bus, slow, fast = await rig.bus(), Endpoint(), Endpoint()
    slow.open.clear()
    await bus.declare(reader("slow", push_url=await serve(slow)))
    await bus.declare(reader("fast", push_url=await serve(fast)))

    async with consuming(bus, {}):
        await bus.publish([event(number) for number in range(60)])
        for _ in range(60):
            await fast.next()
        waiting = slow.inside
        slow.open.set()
        for _ in range(60):
            await slow.next()

    assert 1 < waiting <= 16
    assert slow.most <= 16

"""Messages that wait for their retry, and those behind them."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from infra.gcp.pubsub.lane import Pace
from schemas.envelope import Envelope
from schemas.problem import Problem, ProblemClass
from tests.contract.bus.rig import PATIENCE, PubSubRig, consuming, event, reader

POISONED = 20
SLOW_TO_COME_BACK = 60.0


class Resting(Problem):
    """Asks for patience."""

    code = "RESTING"
    kind = ProblemClass.RETRY
    title = "It rests"
    recovery = "Wait."


class Handler:
    """Asks for patience whatever comes, except one event."""

    def __init__(self, good: str) -> None:
        self.good = good
        self.seen: list[str] = []
        self.arrived = asyncio.Event()

    async def __call__(self, envelope: Envelope, attempt: int) -> None:
        self.seen.append(envelope.id)
        if envelope.id != self.good:
            raise Resting(retry_after=SLOW_TO_COME_BACK)
        self.arrived.set()


class Counted:
    """A stream of the emulator that keeps to what was asked for, as Pub/Sub does: the emulator itself sends on.

    What waits for its retry counts until it comes again, for the stream that brought it.
    """

    def __init__(self, stream: Any, most: int, settled: set[str]) -> None:
        self._stream = stream
        self._most = most
        self._settled = settled
        self._out: list[str] = []

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for response in self._stream:
            for received in response.received_messages:
                while len([one for one in self._out if one not in self._settled]) >= self._most:  # noqa: ASYNC110  # as above
                    await asyncio.sleep(0.01)
                self._out.append(received.ack_id)
                yield SimpleNamespace(received_messages=[received])

    def cancel(self) -> None:
        self._stream.cancel()


def counted(bus: Any, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Have the bus's streams keep to ``most`` messages that are not acknowledged."""
    subscriber, settled = bus._clients.subscriber, set[str]()
    opening, acknowledge = subscriber.streaming_pull, subscriber.acknowledge

    async def pull(**given: Any) -> Any:
        return Counted(await opening(**given), most, settled)

    async def settle(*, request: Any, **given: Any) -> Any:
        settled.update(request["ack_ids"])
        return await acknowledge(request=request, **given)

    monkeypatch.setattr(subscriber, "streaming_pull", pull)
    monkeypatch.setattr(subscriber, "acknowledge", settle)


async def test_what_waits_for_its_retry_takes_no_place_of_what_comes_behind(
    pubsub: PubSubRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await pubsub.bus(Pace(lease_s=10.0, again_s=0.1))
    counted(bus, monkeypatch, most=16)
    await bus.declare(reader())
    good = event(POISONED + 1)
    handler = Handler(good.id)

    async with consuming(bus, {"load": handler}):
        await bus.publish([event(number) for number in range(1, POISONED + 1)])
        async with asyncio.timeout(PATIENCE):
            while len(set(handler.seen)) < 16:  # noqa: ASYNC110  # all places were taken once
                await asyncio.sleep(0.01)
        await bus.publish([good])
        await asyncio.wait_for(handler.arrived.wait(), PATIENCE)

    assert len(handler.seen) == len(set(handler.seen))  # whoever was told to wait asked for no more


async def test_control_where_none_may_wait_beside_them_they_take_the_places(
    pubsub: PubSubRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await pubsub.bus(Pace(lease_s=10.0, again_s=0.1, waiting=0))
    counted(bus, monkeypatch, most=16)
    await bus.declare(reader())
    good = event(POISONED + 1)
    handler = Handler(good.id)

    async with consuming(bus, {"load": handler}):
        await bus.publish([event(number) for number in range(1, POISONED + 1)])
        async with asyncio.timeout(PATIENCE):
            while len(set(handler.seen)) < 16:  # noqa: ASYNC110  # see above
                await asyncio.sleep(0.01)
        await bus.publish([good])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(handler.arrived.wait(), 2.0)

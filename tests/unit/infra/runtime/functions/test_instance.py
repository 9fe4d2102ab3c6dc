"""A process without a say in its server: opened once, closed before the server hears that it has to end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from infra.runtime.functions.instance import Instance, InstanceEnding


class House:
    """What is opened and closed, and a server that hears of signals."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.trouble = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        if self.trouble:
            self.trouble -= 1
            raise ConnectionRefusedError
        self.told.append("opened")
        yield SimpleNamespace(
            stopping=asyncio.Event(), doorbell=SimpleNamespace(rouse=lambda: self.told.append("roused"))
        )
        self.told.append("closed")

    async def says(self, what: str) -> None:
        async with asyncio.timeout(5):
            while what not in self.told:  # noqa: ASYNC110  # a plain list is looked at
                await asyncio.sleep(0.001)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    before = signal.signal(signal.SIGTERM, lambda *_: made.told.append("server"))
    interrupted = signal.getsignal(signal.SIGINT)
    yield made
    signal.signal(signal.SIGTERM, before)
    signal.signal(signal.SIGINT, interrupted)


async def test_many_first_requests_open_it_once(house: House) -> None:
    instance = Instance(house.open)

    found = await asyncio.gather(*(instance.runtime() for _ in range(10)))

    assert len({id(one) for one in found}) == 1
    assert house.told == ["opened"]


async def test_what_could_not_be_opened_is_tried_again_at_the_next_request(house: House) -> None:
    instance, house.trouble = Instance(house.open), 1

    with pytest.raises(ConnectionRefusedError):
        await instance.runtime()
    await instance.runtime()

    assert house.told == ["opened"]


async def test_the_server_is_told_after_what_is_under_way_and_after_closing(house: House) -> None:
    instance = Instance(house.open)

    with instance:
        await instance.runtime()
        os.kill(os.getpid(), signal.SIGTERM)
        await house.says("roused")
        assert instance.stop.is_set()
        with pytest.raises(InstanceEnding):
            await instance.runtime()
        house.told.append("answered")
    await house.says("server")

    assert house.told == ["opened", "roused", "answered", "closed", "server"]


async def test_who_is_told_twice_goes_at_once(house: House) -> None:
    instance = Instance(house.open)

    with instance:
        await instance.runtime()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
        assert "server" in house.told
    await house.says("closed")


async def test_a_process_that_was_never_asked_anything_leaves_signals_to_its_server(house: House) -> None:
    Instance(house.open)

    os.kill(os.getpid(), signal.SIGTERM)

    assert house.told == ["server"]

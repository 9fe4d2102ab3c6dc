"""Functions: what sets them off, and how they go on and stop."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.events.bus import Handler
from infra.runtime.functions.function import Turn, subscribes, ticks
from infra.runtime.functions.topology import function, generated
from infra.runtime.runtime import Runtime
from schemas.envelope import Envelope

NO_RUNTIME = cast("Runtime", None)


async def test_a_ticking_function_goes_on_after_a_turn_that_failed_and_stops_at_once() -> None:
    turns = 0
    stop = asyncio.Event()

    async def turn(stop: asyncio.Event) -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            stop.set()
        raise KeyError("x")

    def main(_: Runtime) -> Turn:
        return turn

    async with asyncio.timeout(5):
        await ticks(every=0.001)(main).serve(NO_RUNTIME, stop)

    assert turns == 3


async def test_without_a_database_turns_are_rare_and_told_in_a_line_each() -> None:
    stop = asyncio.Event()

    async def turn(stop: asyncio.Event) -> None:
        asyncio.get_running_loop().call_later(0.05, stop.set)
        raise DatabaseAway("restarting")

    with capture_logs() as logs:
        await ticks(every=0.001)(lambda _: turn).serve(NO_RUNTIME, stop)

    assert [(line["log_level"], line["reason"], "exc_info" in line) for line in logs] == [
        ("warning", "restarting", False)
    ]


async def test_a_stop_does_not_wait_for_the_next_tick() -> None:
    stop = asyncio.Event()

    async def turn(stop: asyncio.Event) -> None:
        asyncio.get_running_loop().call_later(0.01, stop.set)

    async with asyncio.timeout(5):
        await ticks(every=3600)(lambda _: turn).serve(NO_RUNTIME, stop)


@pytest.mark.parametrize(("bell", "woken"), [("pushes", True), (None, False)])
async def test_a_ring_does_not_wait_for_the_next_tick(bell: str | None, *, woken: bool) -> None:
    stop, turns = asyncio.Event(), 0
    runtime = cast("Runtime", SimpleNamespace(doorbell=Doorbell(cast("Database", SimpleNamespace(listeners=[])))))

    async def turn(stop: asyncio.Event) -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            stop.set()
        runtime.doorbell.bell("pushes").set()

    serving = asyncio.create_task(ticks(every=3600, bell=bell)(lambda _: turn).serve(runtime, stop))
    await asyncio.wait([serving], timeout=5 if woken else 0.1)
    stop.set()
    await serving
    assert turns == 1 + woken


async def test_who_waits_for_a_ring_stops_at_once() -> None:
    stop = asyncio.Event()
    runtime = cast("Runtime", SimpleNamespace(doorbell=Doorbell(cast("Database", SimpleNamespace(listeners=[])))))

    async def turn(stop: asyncio.Event) -> None:
        asyncio.get_running_loop().call_later(0.01, stop.set)

    async with asyncio.timeout(5):
        await ticks(every=3600, bell="pushes")(lambda _: turn).serve(runtime, stop)


async def test_a_subscribing_function_has_one_subscription_a_topic_under_its_files_name() -> None:
    async def handle(envelope: Envelope, attempt: int) -> None: ...

    def main(_: Runtime) -> Handler:
        return handle

    made = subscribes("crawl.triggered", "crawl.failed")(main)
    name = __name__.rpartition(".")[2]

    assert made.subscriptions() == {
        f"{name}.crawl.triggered": "crawl.triggered",
        f"{name}.crawl.failed": "crawl.failed",
    }
    assert made.trigger == {"topics": ["crawl.triggered", "crawl.failed"]}


def test_every_function_says_what_sets_it_off() -> None:
    triggers: dict[str, dict[str, Any]] = generated()["functions"]

    assert triggers
    assert {name: dict(function(name).trigger) for name in triggers} == triggers


def test_a_ticking_function_is_rung_by_the_clock_and_by_whoever_feeds_it() -> None:
    async def turn(stop: asyncio.Event) -> None: ...

    assert ticks(every=1)(lambda _: turn).trigger["doorbells"] == ["tick"]
    assert ticks(every=1, queue="poll")(lambda _: turn).trigger["doorbells"] == ["tick", "doorbell.poll"]
    assert ticks(every=1, bell="pushes")(lambda _: turn).trigger == {
        "tick": True,
        "doorbells": ["tick", "doorbell.pushes"],
    }


def test_whatever_has_a_queue_or_a_clock_has_a_doorbell_and_nothing_else_has() -> None:
    triggers: dict[str, dict[str, Any]] = generated()["functions"]

    assert {name: bool(one.get("doorbells")) for name, one in triggers.items()} == {
        name: "topics" not in one for name, one in triggers.items()
    }

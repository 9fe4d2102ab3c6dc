"""What every bus promises."""

import asyncio
from collections import Counter

import pytest

from infra.runtime.events.bus import Handler
from schemas.envelope import Envelope
from schemas.problem import Problem, ProblemClass
from tests.contract.bus.rig import PATIENCE, Inbox, Rig, consuming, event, reader, set_aside


class Busy(Problem):
    kind = ProblemClass.RETRY


async def test_every_subscription_of_the_topic_gets_the_event_as_it_was(rig: Rig) -> None:
    bus, load, index = await rig.bus(), Inbox(), Inbox()
    await bus.declare(reader("load"))
    await bus.declare(reader("index"))
    sent = event(1, nested={"z": [1, 2.5, None], "a": "ü\n"})

    async with consuming(bus, {"load": load, "index": index}):
        await bus.publish([sent])

        assert await load.next() == (sent, 1)
        assert await index.next() == (sent, 1)


async def test_another_topic_and_another_subscription_are_not_delivered(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox()
    await bus.declare(reader("load"))
    await bus.declare(reader("index"))

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1, topic="crawl.failed"), event(2)])

        assert (await load.next())[0].id == event(2).id
    assert load.empty()


async def test_declaring_again_changes_the_subscription_and_loses_nothing(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(Busy())
    await bus.declare(reader())
    await bus.publish([event(1)])

    await bus.declare(reader(max_attempts=1))

    async with consuming(bus, {"load": load}):
        assert (await load.next())[1] == 1
        await set_aside(bus)


async def test_a_handled_event_does_not_come_back(rig: Rig) -> None:
    bus, first, second = await rig.bus(), Inbox(), Inbox()
    await bus.declare(reader())
    await bus.publish([event(1)])
    async with consuming(bus, {"load": first}):
        await first.next()

    async with consuming(bus, {"load": second}):
        await bus.publish([event(2)])

        assert (await second.next())[0].id == event(2).id
    assert second.empty()


async def test_control_an_event_that_was_not_handled_does_come_back(rig: Rig) -> None:
    bus, first, second = await rig.bus(), Inbox(*[Busy()] * 100), Inbox()
    await bus.declare(reader(max_attempts=100))
    await bus.publish([event(1)])
    async with consuming(bus, {"load": first}):
        await first.next()

    async with consuming(bus, {"load": second}):
        await bus.publish([event(2)])

        assert event(1).id in {(await second.next())[0].id, (await second.next())[0].id}


@pytest.mark.parametrize("failure", [Busy("try later"), RuntimeError("a bug")])
async def test_a_failed_delivery_comes_back_and_is_counted(rig: Rig, failure: Exception) -> None:
    bus, load = await rig.bus(), Inbox(failure, failure)
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])

        assert [(await load.next())[1] for _ in range(3)] == [1, 2, 3]
    assert await bus.dead_letters(10) == []


async def test_a_failed_delivery_waits_as_long_as_its_problem_says_while_others_go_on(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox(Busy(retry_after=60.0))
    await bus.declare(reader(max_backoff_s=60.0))

    async with consuming(bus, {"load": load}):
        await bus.publish([event(1)])
        await load.next()
        for number in (2, 3, 4):
            await bus.publish([event(number)])

            assert (await load.next())[0].id == event(number).id


async def test_a_removed_subscription_drops_what_it_had_not_received(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox()
    await bus.declare(reader())
    await bus.publish([event(1)])
    await bus.remove("load")
    await bus.remove("load")
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        await bus.publish([event(2)])

        assert (await load.next())[0].id == event(2).id
    assert load.empty()


async def test_a_fact_told_twice_keeps_its_id(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox()
    await bus.declare(reader())

    async with consuming(bus, {"load": load}):
        for _ in range(2):
            await bus.publish([event(1)])

            assert await load.next() == (event(1), 1)


async def test_one_process_may_consume_for_many_functions_that_come_and_go(rig: Rig) -> None:
    bus, load, index = await rig.bus(), Inbox(), Inbox()
    await bus.declare(reader("load"))
    await bus.declare(reader("index"))

    async with consuming(bus, {"load": load}):
        async with consuming(bus, {"index": index}):
            await bus.publish([event(1)])

            assert [(await inbox.next())[0] for inbox in (load, index)] == [event(1), event(1)]
        await bus.publish([event(2)])

        assert (await load.next())[0] == event(2)
    async with consuming(bus, {"index": index}):
        assert (await index.next())[0] == event(2)
    assert load.empty()
    assert index.empty()


async def test_two_consumers_share_the_work_without_doubling_it(rig: Rig) -> None:
    buses = [await rig.bus(), await rig.bus()]
    await buses[0].declare(reader())
    seen: Counter[str] = Counter()
    took, both, done = set(), asyncio.Event(), asyncio.Event()

    def worker(name: str) -> Handler:
        async def handle(envelope: Envelope, attempt: int) -> None:
            seen[envelope.id] += 1
            took.add(name)
            if len(took) == len(buses):
                both.set()
            if len(seen) == 100:
                done.set()
            await both.wait()

        return handle

    await buses[0].publish([event(number) for number in range(100)])
    async with consuming(buses[0], {"load": worker("a")}), consuming(buses[1], {"load": worker("b")}):
        await asyncio.wait_for(done.wait(), PATIENCE)

    assert set(seen.values()) == {1}


async def test_an_event_survives_the_kill_of_its_reader(rig: Rig) -> None:
    bus, load = await rig.bus(), Inbox()
    await bus.declare(reader())
    await bus.publish([event(1)])
    process = await asyncio.create_subprocess_exec(*rig.stuck_reader("load"), stdout=asyncio.subprocess.PIPE)
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.kill()
    await process.wait()

    async with consuming(bus, {"load": load}):
        envelope, attempt = await load.next()

    assert line.decode().split() == [event(1).id, "1"]
    assert (envelope, attempt) == (event(1), 2)

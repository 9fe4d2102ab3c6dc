"""Every function, started by plain functions-framework, takes what is pushed to it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from infra.postgres.database import Database
from infra.runtime.functions.topology import generated
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.contract.functions.conftest import Deploy
from tests.contract.functions.deployed import Deployed

FUNCTIONS: dict[str, Any] = generated()["functions"]
SAMPLES = Path(__file__).parents[3] / "schemas/samples"
PATIENCE = 30.0


async def enqueue(database: Database, kind: str, count: int = 1, **payload: Any) -> None:
    async with database.transaction() as tx:
        for _ in range(count):
            await queue.enqueue(tx, NewJob(id=uuid4(), kind=kind, queue=kind, payload=payload))


async def states(database: Database) -> dict[str, int]:
    rows = await database.pool.fetch("SELECT state, count(*) FROM jobs GROUP BY state")
    return {row["state"]: row["count"] for row in rows}


async def reach(database: Database, wanted: dict[str, int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while await states(database) != wanted:  # noqa: ASYNC110  # another process cannot set an Event
            await asyncio.sleep(0.05)


def event(topic: str = "crawl.failed", **attributes: str) -> dict[str, Any]:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(uuid4()),
        "ce-type": topic,
        "ce-source": "//headrace/crawls",
        "ce-subject": "c",
        "ce-time": "2026-11-22T10:00:00Z",
        "content-type": "application/json",
        **attributes,
    }
    return {"headers": headers, "data": b'{"crawl_id": "c", "attempt": 1}'}


def pushed(message_id: str, **attributes: str) -> dict[str, Any]:
    """What Pub/Sub adds to a push without a wrapper."""
    metadata = {
        "x-goog-pubsub-message-id": message_id,
        "x-goog-pubsub-publish-time": "2026-11-22T10:00:00.000Z",
        "x-goog-pubsub-subscription-name": "projects/p/subscriptions/push_event.crawl.failed",
    }
    return event(**{**metadata, **attributes})


def awaited(name: str) -> dict[str, Any]:
    """An event that the function subscribed to, of its newest shape; for others a doorbell."""
    if "topics" not in FUNCTIONS[name]:
        return {}
    topic = FUNCTIONS[name]["topics"][0]
    samples = sorted(SAMPLES.glob(f"{topic}.v*.json"), key=lambda path: int(path.stem.rpartition(".v")[2]))
    return {**event(topic), "data": samples[-1].read_bytes()}


@pytest.mark.parametrize(
    "names", [sorted(FUNCTIONS)[at::4] for at in range(4)], ids=["first", "second", "third", "last"]
)
async def test_every_function_is_ready_takes_what_it_is_pushed_and_ends_in_time(
    deploy: Deploy, http: aiohttp.ClientSession, names: list[str]
) -> None:
    running = {name: deploy(name) for name in names}
    for name, one in running.items():
        await one.up(http)
        ready = await one.ask(http, "GET", "/readyz")
        push = await one.ask(http, "POST", **awaited(name))

        assert (name, ready, push) == (name, (200, {"status": "ok"}), (204, None)), one.said

    for one in running.values():
        assert one.end() < 8, one.said


async def test_a_doorbell_is_answered_when_the_queue_is_empty(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    function = deploy("run_drill")
    await function.up(http)
    await enqueue(database, "drill", 20, seconds=0.05)

    assert (await function.ask(http, "POST"))[0] == 204

    assert await states(database) == {"completed": 20}


async def test_doorbells_that_ring_together_are_answered_together(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    function = deploy("run_drill")
    await function.up(http)
    await enqueue(database, "drill", seconds=0.5)

    answers = await asyncio.gather(*(function.ask(http, "POST") for _ in range(50)))

    assert {status for status, _ in answers} == {204}
    assert await states(database) == {"completed": 1}


async def test_what_a_function_holds_when_it_has_to_end_is_given_back(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    function = deploy("run_drill")
    await function.up(http)
    await enqueue(database, "drill", 3, seconds=60)
    ringing = asyncio.create_task(function.ask(http, "POST"))
    await reach(database, {"running": 3})

    took = await asyncio.to_thread(function.end)

    assert (await ringing)[0] == 204
    assert took < 8
    assert await states(database) == {"ready": 3}


async def test_a_function_that_is_killed_costs_one_lease(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    functions = [deploy(name, HEADRACE_LEASE_SECONDS="1") for name in ("run_drill", "run_drill", "sweep")]
    for one in functions:
        await one.up(http)
    first, second, sweep = functions
    await enqueue(database, "drill", seconds=1.5)
    ringing = asyncio.create_task(first.ask(http, "POST"))
    await reach(database, {"running": 1})

    first.kill()
    with pytest.raises(aiohttp.ClientError):
        await ringing
    assert (await sweep.ask(http, "POST"))[0] == 204
    assert await states(database) == {"ready": 1}  # a tick lasts until nothing is due: the lease ran out meanwhile
    assert (await second.ask(http, "POST"))[0] == 204

    assert await states(database) == {"completed": 1}


async def test_without_a_database_a_push_comes_again_and_a_function_gets_over_it(
    deploy: Deploy, http: aiohttp.ClientSession, database_dsn: str
) -> None:
    nobody = database_dsn.replace("/test_", "/nobody_")
    function = deploy("run_drill", HEADRACE_DATABASE_URL=nobody)
    await function.up(http)

    for path, method in (("/", "POST"), ("/readyz", "GET")):
        status, problem = await function.ask(http, method, path)
        assert (status, bool(problem["recovery"])) == (503, True)


async def test_an_event_is_handed_on_to_who_subscribed(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    await database.pool.execute(
        "INSERT INTO event_subscriptions (id, tenant, topic, push_url, secret, created_at)"
        " VALUES ($1, 'default', 'crawl.failed', 'http://127.0.0.1:9/', 'whsec_AAAA', $2)",
        uuid4(),
        datetime.now(UTC),
    )
    function = deploy("push_event")
    await function.up(http)

    told = pushed("1")
    for _ in range(2):  # a message may come twice
        assert (await function.ask(http, "POST", **told))[0] == 204

    assert await database.pool.fetchval("SELECT count(*) FROM pushes") == 1


async def test_a_message_for_another_subscription_is_passed_over(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    function = deploy("push_event")
    await function.up(http)

    answers = [
        await function.ask(http, "POST", headers={**pushed(name)["headers"], "headrace-for": name}, data=b"no event")
        for name in ("elsewhere", "push_event.crawl.failed")
    ]

    assert [status for status, _ in answers] == [204, 204]
    assert await database.pool.fetchval("SELECT array_agg(event_id) FROM dead_letters") == ["push_event.crawl.failed"]


async def test_what_no_delivery_can_help_is_set_aside_once(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database
) -> None:
    function = deploy("push_event")
    await function.up(http)

    for _ in range(2):
        assert (await function.ask(http, "POST", headers=pushed("7")["headers"], data=b"{cut"))[0] == 204

    [letter] = await database.pool.fetch("SELECT subscription, outcome, reason FROM dead_letters")
    assert tuple(letter) == ("push_event.crawl.failed", "poison", "POISON_MESSAGE")


async def test_the_log_on_google_cloud_stands_with_the_trace_that_a_push_carries(
    deploy: Deploy, http: aiohttp.ClientSession
) -> None:
    function = deploy("push_event", GOOGLE_CLOUD_PROJECT="a-project")
    await function.up(http)

    carried = {**pushed("7")["headers"], "ce-traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    await function.ask(http, "POST", headers=carried, data=b"{cut")

    [line] = [json.loads(one) for one in function.said.splitlines() if "POISON_MESSAGE" in one]
    assert line["logging.googleapis.com/trace"] == f"projects/a-project/traces/{'a' * 32}"


async def test_what_nobody_can_replay_is_told_to_its_sender(deploy: Deploy, http: aiohttp.ClientSession) -> None:
    function: Deployed = deploy("push_event")
    await function.up(http)

    status, problem = await function.ask(http, "POST", headers=event()["headers"], data=b"{cut")

    assert (status, problem["code"]) == (400, "POISON_MESSAGE")
    assert (await function.ask(http, "PUT"))[0] == 405

"""From a published event to other teams' endpoints."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from infra.postgres.database import Database
from schemas.events.crawl_failed import CrawlFailed
from schemas.subscribe import subscribe
from services.events.push_due import push_due
from services.events.push_event import QUEUE, push_event
from services.events.subscriptions import delete_subscription, list_subscriptions
from tests.contract.events.house import failed, until
from tests.contract.events.team import SECRET, Open, all_due, count, envelope, subscribed


async def test_an_endpoint_gets_a_signed_cloudevent_our_own_subscriber_accepts(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    team = await endpoint()
    await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)

    assert await push_due(database, session, limit=10) == 1

    [(headers, body)] = team.got
    assert body == envelope(failed(1)).body()
    assert {name: headers[name] for name in envelope(failed(1)).headers()} == envelope(failed(1)).headers()
    assert headers["webhook-id"] == headers["ce-id"] == failed(1).id
    events: list[CrawlFailed] = []
    assert (await subscribe("crawl.failed", secret=SECRET)(events.append).handle(headers, body)).status == 204
    assert events == [failed(1)]
    assert await count(database) == 0


async def test_only_subscriptions_of_the_topic_and_tenant_get_it(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    mine, other_topic, other_tenant = await endpoint(), await endpoint(), await endpoint()
    await subscribed(database, mine.url)
    await subscribed(database, other_topic.url, topic="crawl.triggered")
    await subscribed(database, other_tenant.url, tenant="other")

    assert await push_event(envelope(failed(1)), database=database) == 1
    await push_due(database, session, limit=10)

    assert [len(team.got) for team in (mine, other_topic, other_tenant)] == [1, 0, 0]


async def test_an_event_delivered_twice_is_queued_once(database: Database) -> None:
    await subscribed(database, "https://team.example/")
    rung: list[frozenset[str]] = []
    database.listeners.append(lambda commit: rung.append(commit.queues))

    assert [await push_event(envelope(failed(1)), database=database) for _ in range(2)] == [1, 0]
    assert await count(database) == 1
    assert rung == [frozenset({QUEUE})]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
async def test_any_answer_of_success_ends_a_push(
    database: Database, session: aiohttp.ClientSession, endpoint: Open, status: int
) -> None:
    team = await endpoint(status=status)
    await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)

    assert await push_due(database, session, limit=10) == 1
    assert await count(database) == 0


@pytest.mark.parametrize("status", [302, 400, 404, 410, 429, 500, 503])
async def test_any_other_answer_brings_it_back_later_with_the_same_id(
    database: Database, session: aiohttp.ClientSession, endpoint: Open, status: int
) -> None:
    team = await endpoint(status=status)
    await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)

    assert await push_due(database, session, limit=10) == 0
    assert await push_due(database, session, limit=10) == 0  # not due yet
    await all_due(database)
    team.status = 204

    assert await push_due(database, session, limit=10) == 1
    assert team.ids == [failed(1).id] * 2


async def test_a_failing_endpoint_says_why_in_the_list_of_subscriptions(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    await subscribed(database, (await endpoint(status=503)).url)
    await subscribed(database, "http://127.0.0.1:9/")
    await push_event(envelope(failed(1)), database=database)
    await push_due(database, session, limit=10)

    refused, absent = (await list_subscriptions(tenant="default", database=database))["items"]

    assert (refused["waiting"], refused["last_error"]) == (1, "PushRefused: The endpoint answered 503")
    assert absent["last_error"].startswith("ClientConnectorError")


async def test_after_seven_days_a_push_is_given_up_and_counted(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    await subscribed(database, (await endpoint(status=503)).url)
    await push_event(envelope(failed(1)), database=database)
    week = timedelta(days=7)

    await push_due(database, session, limit=10, now=lambda: datetime.now(UTC) + week - timedelta(minutes=1))
    assert await count(database) == 1
    await all_due(database)
    await push_due(database, session, limit=10, now=lambda: datetime.now(UTC) + week)

    [seen] = (await list_subscriptions(tenant="default", database=database))["items"]
    assert (seen["waiting"], seen["given_up"]) == (0, 1)


async def test_a_deleted_subscription_drops_its_pushes(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    team = await endpoint()
    subscription = await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)
    await delete_subscription(subscription, tenant="default", database=database)

    assert await push_due(database, session, limit=10) == 0
    assert team.got == []
    assert await count(database) == 0


async def test_two_processes_share_the_pushes(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    team = await endpoint()
    await subscribed(database, team.url)
    for number in range(40):
        await push_event(envelope(failed(number)), database=database)

    counts = await asyncio.gather(*(push_due(database, session, limit=8) for _ in range(2)))

    assert sum(counts) == 40
    assert len(set(team.ids)) == len(team.ids) == 40


async def test_a_killed_push_is_pushed_again_with_the_same_id(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    team = await endpoint(hangs=True)
    await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)
    turn = asyncio.create_task(push_due(database, session, limit=8))
    await until(lambda: team.inside == 1)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    team.open.set()
    assert await push_due(database, session, limit=8) == 0  # its lease still runs
    await all_due(database)

    assert await push_due(database, session, limit=8) == 1
    assert team.ids == [failed(1).id] * 2


async def test_a_set_stop_begins_no_new_push(database: Database, session: aiohttp.ClientSession) -> None:
    await subscribed(database, "http://127.0.0.1:9/")
    await push_event(envelope(failed(1)), database=database)
    stop = asyncio.Event()
    stop.set()

    assert await push_due(database, session, limit=8, stop=stop) == 0
    assert await database.pool.fetchval("SELECT attempts FROM pushes") == 0


async def test_a_stop_cuts_pushes_that_do_not_end_and_loses_none(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    team = await endpoint(hangs=True)
    await subscribed(database, team.url)
    await push_event(envelope(failed(1)), database=database)
    stop = asyncio.Event()
    turn = asyncio.create_task(push_due(database, session, limit=8, stop=stop))
    await until(lambda: team.inside == 1)

    stop.set()

    assert await asyncio.wait_for(turn, 5.0) == 0
    assert await count(database) == 1

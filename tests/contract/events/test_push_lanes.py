"""How pushes share the room: bounded for each endpoint, and failing ones never in the way."""

import asyncio

import aiohttp

from infra.postgres.database import Database
from services.events.push_due import LANE, push_due
from services.events.push_event import push_event
from tests.contract.events.house import failed, triggered, until
from tests.contract.events.team import Open, envelope, subscribed


async def test_dead_endpoints_never_hold_up_the_others(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    dead, alive = [await endpoint(hangs=True) for _ in range(3)], await endpoint()
    for team in dead:
        await subscribed(database, team.url)
    for number in range(30):
        await push_event(envelope(failed(number)), database=database)
    await database.pool.execute("UPDATE event_subscriptions SET failures = 1")
    turn = asyncio.create_task(push_due(database, session, limit=4))
    await until(lambda: sum(team.inside for team in dead) == 2)  # half of the limit, and they stay

    await subscribed(database, alive.url, topic="crawl.triggered")
    for number in range(30):
        await push_event(envelope(triggered(number)), database=database)
    await until(lambda: len(alive.got) == 30)

    assert sum(team.inside for team in dead) == 2
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)


async def test_control_endpoints_not_known_to_fail_may_take_all_the_room(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    slow = await endpoint(hangs=True)
    await subscribed(database, slow.url)
    for number in range(6):
        await push_event(envelope(failed(number)), database=database)

    turn = asyncio.create_task(push_due(database, session, limit=4))
    await until(lambda: slow.inside == 4)
    slow.open.set()

    assert await turn == 6


async def test_one_endpoint_is_not_flooded_and_many_are_served_at_once(
    database: Database, session: aiohttp.ClientSession, endpoint: Open
) -> None:
    teams = [await endpoint(hangs=True) for _ in range(3)]
    for team in teams:
        await subscribed(database, team.url)
    for number in range(20):
        await push_event(envelope(failed(number)), database=database)

    turn = asyncio.create_task(push_due(database, session, limit=100))
    await until(lambda: all(team.inside == LANE for team in teams))
    for team in teams:
        team.open.set()

    assert await turn == 60

"""Pushes of callers who are told apart go out into the internet only, also where an address was taken before."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest

from infra.postgres.database import Database
from infra.runtime.functions.serving import serving
from services.events.push_event import push_event
from services.events.subscriptions import list_subscriptions
from tests.contract.auth.guarded import house
from tests.contract.events.house import PATIENCE, failed
from tests.contract.events.team import Open, envelope, subscribed


@pytest.mark.parametrize(("auth", "reached"), [("on", False), ("off", True)])
async def test_an_endpoint_of_this_machine_is_reached_only_while_nobody_else_commands(
    database_dsn: str, tmp_path: Path, endpoint: Open, auth: Literal["on", "off"], *, reached: bool
) -> None:
    team = await endpoint()
    async with house(database_dsn, tmp_path, auth=auth) as at:
        database = at.runtime.database
        await subscribed(database, team.url)
        await push_event(envelope(failed(1)), database=database)
        async with serving(at.runtime, ["push_due"]), asyncio.timeout(PATIENCE):
            while not team.got and (await subscription(database))["last_error"] is None:  # noqa: ASYNC110  # it is over there
                await asyncio.sleep(0.02)
        error = (await subscription(database))["last_error"]

    assert (bool(team.got), error is None) == (reached, reached)


async def subscription(database: Database) -> dict[str, Any]:
    [one] = (await list_subscriptions(tenant="default", database=database))["items"]
    return dict(one)

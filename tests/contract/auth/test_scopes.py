"""Every route of every face asks for a scope, and whoever has less is told which."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from infra.runtime.auth.caller import ALL_TENANTS, HOME, SCOPES, Caller, Scope
from infra.runtime.auth.routes import refuse_unscoped, scopes
from infra.runtime.auth.scoped import Reading
from infra.runtime.functions import topology
from infra.runtime.http.app import OPEN, create_app
from tests.contract.auth.guarded import House, house
from tests.gates import OpenGate

PUBLIC = {*OPEN, *topology.face("crawling").PUBLIC}
FRAMES = {"/api/v1/events/stream", "/api/background/stream/progress", "/api/v1/data-sources/stream"}


@pytest.fixture
async def at(database_dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(database_dsn, tmp_path) as made:
        yield made


def routes(at: House) -> Iterator[tuple[str, str, list[str]]]:
    """Method, path and what is asked for, of every route that is not for everybody."""
    for route, asked in scopes([at.app.router]):
        for method in sorted(route.methods or ()):
            if route.path not in PUBLIC:
                yield method, re.sub(r"\{\w+\}", "none", route.path), list(asked)


def body(method: str) -> dict[str, Any]:
    return {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}


async def test_every_route_asks_for_a_scope_or_is_for_everybody(at: House) -> None:
    found = list(routes(at))

    assert len(found) > 50
    assert [one for one in found if not set(one[2]) & set(SCOPES)] == []
    assert {
        path for path, verbs in at.app.openapi()["paths"].items() for one in verbs.values() if "security" not in one
    } == (PUBLIC & set(at.app.openapi()["paths"]))


async def test_nobody_gets_in_without_credentials(at: House) -> None:
    answered = {(method, path): (await at.ask(method, path, **body(method)))[0] for method, path, _ in routes(at)}

    assert set(answered.values()) == {401}


@pytest.mark.parametrize("scope", SCOPES)
async def test_less_than_a_route_asks_for_is_answered_with_the_scope_it_needs(at: House, scope: Scope) -> None:
    key = await at.key(scope)
    refused: dict[str, str] = {}
    for method, path, asked in routes(at):
        if path in FRAMES:
            continue
        status, said = await at.ask(method, path, key=key, **body(method))
        wanted = next(one for one in SCOPES if one in asked)
        above = SCOPES.index(wanted) > SCOPES.index(scope)
        assert (status == 403) is above, (method, path, said)
        if above:
            refused[f"{method} {path}"] = said["scope"]
            assert (said["code"], wanted in said["detail"]) == ("SCOPE_MISSING", True)
        if method == "DELETE" and "keys" in path:
            assert status in {403, 404}

    assert set(refused.values()) == set(SCOPES[SCOPES.index(scope) + 1 :])


async def test_what_concerns_every_tenant_is_for_the_house_only(at: House) -> None:
    of_all = [(method, path) for method, path, asked in routes(at) if ALL_TENANTS in asked]
    home, other = await at.key("operate"), await at.key("admin", tenant="other")
    there = {(method, path): await at.ask(method, path, key=other, **body(method)) for method, path in of_all}
    here = [(await at.ask(method, path, key=home, **body(method)))[0] for method, path in of_all]

    assert {path for _, path in of_all} == {
        "/metrics",
        "/api/background/alerts",
        "/api/background/monitor/summary",
        "/api/background/queue/pause",
        "/api/background/queue/resume",
        "/api/background/queue/limits",
    }
    assert {(status, said["code"]) for status, said in there.values()} == {(403, "ALL_TENANTS")}
    assert 403 not in here


def forgotten() -> APIRouter:
    made = APIRouter()

    @made.get("/forgotten")
    async def forgotten() -> None:
        """It looks at no caller."""

    return made


def test_a_route_without_a_scope_starts_no_face() -> None:
    outer = APIRouter()
    outer.include_router(forgotten())

    for router in (forgotten(), outer):
        with pytest.raises(ValueError, match="/forgotten: take the caller"):
            create_app(title="t", gate=OpenGate(), routers=[router])
    create_app(title="t", gate=OpenGate(), routers=[outer], public={"/forgotten"})  # control


def test_a_route_that_asks_for_a_scope_is_not_for_everybody() -> None:
    made = APIRouter()

    @made.get("/mine")
    async def mine(caller: Reading) -> str:
        return caller.tenant

    refuse_unscoped([made], public=())
    with pytest.raises(ValueError, match="/mine"):
        refuse_unscoped([made], public={"/mine"})


@pytest.mark.parametrize(
    ("has", "asked", "may"),
    [("read", "read", True), ("read", "trigger", False), ("operate", "trigger", True), ("admin", "admin", True)],
)
def test_each_scope_includes_those_before_it(has: Scope, asked: Scope, *, may: bool) -> None:
    assert Caller(tenant=HOME, scope=has).may(asked) is may

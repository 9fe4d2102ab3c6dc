"""A function that nobody stands before judges the tokens of its pushes itself."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import aiohttp
import pytest
from starlette.requests import Request

from infra.postgres.database import Database
from infra.runtime.auth.unverified import UnverifiedPush
from infra.runtime.configuration.settings import Settings
from infra.runtime.functions.deployed import _Process
from infra.runtime.functions.function import Function
from infra.runtime.runtime import Runtime
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.contract.auth.issuer import ACCOUNT, AUDIENCE, FORGER, google, signed_with_what_is_public, token, unsigned
from tests.contract.functions.conftest import Deploy
from tests.contract.functions.test_deployed import event, reach, states

LOCAL = {"host": "127.0.0.1:80"}
GCLOUD = "32555940559.apps.googleusercontent.com"
REFUSED: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "forged": lambda: token(key=FORGER),
    "expired": lambda: token(exp=-60),
    "wrong audience": lambda: token(aud="https://elsewhere.example"),
    "wrong account": lambda: token(email="other@project.iam.gserviceaccount.com"),
    "unverified": lambda: token(email_verified=False),
    "unsigned": unsigned,
    "signed with what is public": signed_with_what_is_public,
}


def said(made: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {made}"} if made else {}


@pytest.mark.parametrize("name", ["run_drill", "push_event"])
async def test_only_a_push_with_our_accounts_token_sets_a_function_off(
    deploy: Deploy, http: aiohttp.ClientSession, database: Database, name: str
) -> None:
    await leave_work(database)
    async with google() as issuer:
        function = deploy(
            name,
            HEADRACE_PUSH_ACCOUNT=ACCOUNT,
            HEADRACE_AUDIENCES=f"{AUDIENCE},{GCLOUD}",
            HEADRACE_GOOGLE_CERTS_URL=issuer.url,
        )
        await function.up(http)
        push: dict[str, Any] = event() if name == "push_event" else {"headers": {}}
        answers = {}
        for why, made in REFUSED.items():
            status, body = await function.ask(http, "POST", **{**push, "headers": {**push["headers"], **said(made())}})
            answers[why] = status, body["code"]
        waiting = await states(database)
        taken = [
            (await function.ask(http, "POST", **{**push, "headers": {**push["headers"], **said(good)}}))[0]
            for good in (token(), token(aud=GCLOUD))
        ]

    refused = dict.fromkeys(REFUSED, (401, "CREDENTIALS_REFUSED"))
    assert answers == {**refused, "none": (401, "UNAUTHENTICATED")}, function.said
    assert (waiting, taken) == ({"ready": 1}, [204, 204])
    if name == "run_drill":
        await reach(database, {"completed": 1})


async def leave_work(database: Database) -> None:
    """A drill that waits for whoever is set off."""
    async with database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=uuid4(), kind="drill", queue="drill"))


async def test_a_function_that_could_verify_nothing_takes_nothing(deploy: Deploy, http: aiohttp.ClientSession) -> None:
    function = deploy("push_event", HEADRACE_PUSH_ACCOUNT=ACCOUNT)
    await function.up(http, alive=500)  # so the platform does not take it for one that works
    answers = [await function.ask(http, "GET", "/livez"), await function.ask(http, "POST", **event())]

    assert [(status, body["code"]) for status, body in answers] == [(500, "AUDIENCE_MISSING")] * 2


@pytest.mark.parametrize(
    ("server", "headers", "environment", "taken"),
    [
        (("127.0.0.1", 80), LOCAL, {}, True),
        (("127.0.0.1", 80), {"host": "[::1]:80", "origin": "http://localhost:3000"}, {}, True),
        (("127.0.0.1", 80), {"host": "leads.here.example"}, {}, False),
        (("127.0.0.1", 80), {}, {}, False),
        (("127.0.0.1", 80), {**LOCAL, "origin": "https://elsewhere.example"}, {}, False),
        (("127.0.0.1", 80), {**LOCAL, "sec-fetch-site": "cross-site"}, {}, False),
        (("10.0.0.1", 80), LOCAL, {}, False),
        (None, LOCAL, {}, False),
        (("10.0.0.1", 80), {"host": "push-event.example"}, {"K_SERVICE": "push-event"}, True),
    ],
    ids=["here", "a page here", "rebound", "no name", "a page", "cross-site", "a network", "nobody knows", "Cloud Run"],
)
async def test_a_push_without_a_judge_is_taken_where_none_is_needed(
    server: tuple[str, int] | None,
    headers: dict[str, str],
    environment: dict[str, str],
    *,
    taken: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("K_SERVICE", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rung: list[object] = []
    runtime = cast("Runtime", SimpleNamespace(settings=Settings(), **afterwards(rung)))
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "server": server})
    try:
        await _Process(cast("Function", object()))._answered(request, runtime)
    except UnverifiedPush:
        assert not taken
        assert rung == []
    else:
        assert taken
        assert rung


def afterwards(done: list[object]) -> dict[str, Any]:
    """What a runtime settles once a push was taken."""

    async def settle() -> None:
        done.append(settle)

    return {"relay": SimpleNamespace(settle=settle), "doorbell": SimpleNamespace(settle=settle)}

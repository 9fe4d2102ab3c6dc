"""While authentication is off this machine's programs are served, and web pages of others are not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.runtime.auth.loopback import LoopbackOnly, Reachable
from tests.contract.auth.guarded import House, house

PUBLIC = "https://hooks.example"
SUBMIT = "/api/background/submit"
HINT = "/api/v1/webhooks/bright_data"


@pytest.fixture
async def at(database_dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(database_dsn, tmp_path, auth="off", public_url=PUBLIC) as made:
        yield made


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080"])
async def test_this_machine_is_served_under_its_names(at: House, host: str) -> None:
    assert (await at.ask("GET", "/api/v2/jobs", headers={"Host": host}))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8080",
        "127.0.0.1.example",
        "localhost.example",
        "localhost@rebound.example",
        "hooks.example",
        "0.0.0.0",
        "[",
        "",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v2/jobs"), ("POST", SUBMIT), ("GET", "/docs")])
async def test_no_other_name_that_leads_here_is(at: House, host: str, method: str, path: str) -> None:
    if path == "/docs" and host == "hooks.example":
        return
    status, body = await at.ask(method, path, headers={"Host": host})

    assert (status, body["code"]) == (421, "HOST_REFUSED")


async def test_under_the_public_name_only_hints_of_providers_are_taken(at: House) -> None:
    there = {"Host": "hooks.example"}
    hint, _ = await at.ask("POST", HINT, headers=there, json={})
    status, body = await at.ask("POST", SUBMIT, headers=there, json={"kind": "drill"})

    assert hint == 404  # the route looked for such a snapshot
    assert (status, body["code"]) == (421, "HOST_REFUSED")


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://evil.example@"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_foreign_page_changes_nothing(at: House, said: dict[str, str]) -> None:
    plain = {"Content-Type": "text/plain", **said}  # what a page may send without asking first
    for method, path in (("POST", SUBMIT), ("POST", HINT), ("DELETE", "/api/v1/keys/none"), ("PUT", "/nowhere")):
        status, body = await at.ask(method, path, headers=plain, data=b'{"kind": "drill"}')
        assert (status, body["code"]) == (403, "CROSS_SITE")

    assert (await at.ask("GET", "/api/v2/jobs", headers=said))[1]["items"] == []


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_control_programs_and_pages_of_this_machine_do(at: House, said: dict[str, str]) -> None:
    assert (await at.ask("POST", SUBMIT, headers=said, json={"kind": "drill"}))[0] == 202


async def test_with_authentication_on_names_and_pages_do_not_matter(database_dsn: str, tmp_path: Path) -> None:
    foreign = {"Host": "api.example", "Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    async with house(database_dsn, tmp_path) as at:
        status, _ = await at.ask("POST", SUBMIT, key=await at.key(), headers=foreign, json={"kind": "drill"})

    assert status == 202


@pytest.mark.parametrize(
    ("server", "served"),
    [
        (("127.0.0.1", 80), True),
        (("127.8.8.8", 80), True),
        (("::1", 80), True),
        (("::ffff:127.0.0.1", 80), True),
        (("0.0.0.0", 80), False),
        (("192.168.0.2", 80), False),
        (("fe80::1", 80), False),
        (("/run/headrace.sock", None), False),
        (None, False),
    ],
)
async def test_only_connections_of_this_machine_are_served(server: object, *, served: bool) -> None:
    gate = LoopbackOnly(host="127.0.0.1", public_host=None)
    scope: dict[str, Any] = {"method": "GET", "server": server, "headers": [(b"host", b"localhost")]}
    for admit in (gate.admit, gate.admit_stranger):
        try:
            if asyncio.iscoroutine(found := admit(scope)):
                await found
        except Reachable:
            assert not served
        else:
            assert served

"""What belongs to one tenant does not exist for another, on any route."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.security.tenants import Tenant, system

BODIES = {
    "priority": {"priority": "LOW"},
    "discard": {"reason": "r"},
    "{schedule_id}": {"paused": True},
    "{concept_id}": {"name": "n"},
    "{source_id}": {"description": "d"},
    "urls": {"url": "https://shop.example/"},
}
LISTS = [
    "/api/v1/data-sources",
    "/api/v1/crawl",
    "/api/v2/jobs",
    "/api/v2/jobs/active",
    "/api/background/dead-letters",
    "/api/background/schedules",
    "/api/v1/events?limit=1000",
    "/api/v1/events/subscriptions",
    "/api/v1/keys",
    "/api/v1/members",
    "/api/v1/ontology/concepts",
    "/api/v1/resources",
    "/api/v1/documents",
    "/api/background/queue/status",
    "/api/background/queue/health",
    "/api/background/statistics",
]


@pytest.fixture
async def both(database_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Tenant, Tenant]]:
    async with system(database_dsn, tmp_path) as tenant:
        yield await tenant("north"), await tenant("south")


async def routes(tenant: Tenant) -> list[tuple[str, str]]:
    """Method and path of every route; those that end something for good come last."""
    _, document = await tenant.ask("GET", "/openapi.json")
    found = [(method.upper(), path) for path, verbs in document["paths"].items() for method in verbs]
    return sorted(found, key=lambda one: (one[0] == "DELETE", one[0] != "GET"))


def named(path: str) -> str | None:
    """The parameter of a path."""
    found = re.search(r"\{(\w+)\}", path)
    return found[1] if found else None


def asked(method: str, path: str) -> dict[str, Any]:
    if method == "GET":
        return {}
    return {"json": BODIES.get(path.rpartition("/")[2], {})}


def alike(said: Any, one: str) -> str:
    """An answer without what it was asked for."""
    return json.dumps(said, sort_keys=True).replace(one, "it") if isinstance(said, dict) else str(said)


def unknown(parameter: str) -> str:
    return "nobody@example.org" if parameter == "identity" else str(uuid4())


async def everything(tenant: Tenant) -> dict[str, Any]:
    """What a tenant sees of its own, as far as nobody but a caller changes it."""
    found = {path: (await tenant.ask("GET", path))[1] for path in LISTS[:13]}
    for key in found["/api/v1/keys"]["items"]:
        key.pop("last_used_at")
    return found


async def test_foreign_ids_are_answered_as_if_there_were_none(both: tuple[Tenant, Tenant]) -> None:
    north, south = both
    before, walked = await everything(north), set()
    for method, path in await routes(south):
        if (parameter := named(path)) is None:
            continue
        for one in north.ids[parameter]:
            there = await south.ask(method, path.replace(f"{{{parameter}}}", one), **asked(method, path))
            stranger = unknown(parameter)
            nowhere = await south.ask(method, path.replace(f"{{{parameter}}}", stranger), **asked(method, path))
            assert there[0] == 404, (method, path, there)
            assert (alike(there[1], one), there[0]) == (alike(nowhere[1], stranger), nowhere[0])
        walked.add(parameter)

    assert walked == set(north.ids)
    assert await everything(north) == before


async def test_control_the_same_routes_know_the_ids_of_their_owner(both: tuple[Tenant, Tenant]) -> None:
    north, _ = both
    letters = iter(north.ids["letter"])
    for method, path in await routes(north):
        if (parameter := named(path)) is None:
            continue
        one = next(letters) if parameter == "letter" and method == "POST" else north.ids[parameter][0]
        status, said = await north.ask(method, path.replace(f"{{{parameter}}}", one), **asked(method, path))
        assert status != 404, (method, path, said)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


async def test_no_list_and_no_sum_has_anything_of_another_tenant(both: tuple[Tenant, Tenant]) -> None:
    north, _ = both
    of_north = {"north", *(one for ids in north.ids.values() for one in ids)}
    found: dict[str, set[bool]] = {"north": set(), "south": set()}
    for tenant in both:
        for path in LISTS:
            status, said = await tenant.ask("GET", path)
            assert status == 200
            told = " ".join(strings(said))
            found[tenant.name].add(any(one in told for one in of_north))

    assert (found["south"], True in found["north"]) == ({False}, True)
    weeks = [(await tenant.ask("GET", "/api/background/statistics"))[1]["weekly_summary"] for tenant in both]
    assert [week["failed_jobs"] for week in weeks] == [4, 4]  # each as many as it has itself


async def test_filters_and_bulk_commands_reach_nothing_of_another_tenant(both: tuple[Tenant, Tenant]) -> None:
    north, south = both
    before = await everything(north)
    [batch], [crawl] = north.ids["batch_id"], north.ids["crawl_id"]
    asked_for = [f"/api/v2/jobs?batch_id={batch}", "/api/v2/jobs?source_id=north", f"/api/v1/events?crawl_id={crawl}"]
    lists = [(await south.ask("GET", path))[1]["items"] for path in asked_for]
    own = [(await north.ask("GET", path))[1]["items"] for path in asked_for]
    bulk = {"filter": {"source_id": "north"}}
    counts = [
        (await south.ask("POST", f"/api/background/{path}", json={**bulk, **more}))[1]
        for path, more in (
            ("jobs/cancel", {}),
            ("jobs/retry", {}),
            ("jobs/priority", {"priority": "LOW"}),
        )
    ]

    assert (lists, all(own)) == ([[], [], []], True)
    assert [one["matched"] for one in counts] == [0, 0, 0]
    assert await everything(north) == before


async def test_a_page_token_of_another_tenant_is_none(both: tuple[Tenant, Tenant]) -> None:
    north, south = both
    answers = []
    for path in ("/api/v1/crawl", "/api/v2/jobs", "/api/v2/jobs/active", "/api/background/dead-letters"):
        if path == "/api/v1/crawl":
            await north.made("/api/v1/crawl/trigger", north.order)
        token = (await north.ask("GET", f"{path}?page_size=1"))[1]["next_page_token"]
        own, _ = await north.ask("GET", f"{path}?page_size=1&page_token={token}")
        there, said = await south.ask("GET", f"{path}?page_size=1&page_token={token}")
        answers.append((own, there, said["code"]))

    assert set(answers) == {(200, 400, "INVALID_REQUEST")}


async def test_an_idempotency_key_is_each_tenants_own(both: tuple[Tenant, Tenant]) -> None:
    drill, same = {"kind": "drill"}, {"Idempotency-Key": "one for all"}
    made = [
        [
            (await tenant.made("/api/background/submit", drill, headers=same))["job_id"],
            (await tenant.made("/api/background/submit-batch", {**drill, "jobs": [{}]}, headers=same))["batch_id"],
            *tenant.ids["crawl_id"],  # ordered with the same key
        ]
        for tenant in both
    ]

    assert set(made[0]) & set(made[1]) == set()


@pytest.mark.parametrize("path", ["/api/v1/events/stream", "/api/background/stream/progress"])
async def test_a_stream_tells_nothing_of_another_tenant(both: tuple[Tenant, Tenant], path: str) -> None:
    north, south = both
    start = (await south.ask("GET", "/api/v1/events?limit=1"))[1]["next_page_token"]
    headers = {"Authorization": f"Bearer {south.key}"}
    asked_for = {"after": start.rpartition("-")[0] + "-0"} if "events" in path else {}
    told = b""
    async with south.http.get(south.url + path, headers=headers, params=asked_for) as answer:
        assert answer.status == 200
        for tenant in (north, south):
            crawl = (await tenant.made("/api/v1/crawl/trigger", tenant.order))["crawl_id"]
            await tenant.until(f"/api/v1/crawl/{crawl}/status", lambda said: said["result"] is not None)
        async with asyncio.timeout(30):
            while crawl.encode() not in told:
                told += await answer.content.readany()

    assert b"north" not in told
    assert not any(one.encode() in told for ids in north.ids.values() for one in ids)


async def test_a_stream_of_a_foreign_job_is_none(both: tuple[Tenant, Tenant]) -> None:
    north, south = both
    path = f"/api/background/stream/progress?job_id={north.ids['job_id'][0]}"

    assert (await south.ask("GET", path))[0] == 404

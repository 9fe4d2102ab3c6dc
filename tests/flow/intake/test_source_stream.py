"""GET /api/v1/data-sources/stream."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.contract.events.house import Stream
from tests.flow.intake.sources import PATH, SHOP, Sources

BLOG = "https://blog.example/"


@asynccontextmanager
async def stream(sources: Sources, *, last_event_id: str | None = None, **query: str) -> AsyncIterator[Stream]:
    """An open stream; ``first`` is its snapshot, or empty where it goes on."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    url = f"{sources.at.url}{PATH}/stream"
    async with sources.at.http.get(url, params=query, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        opened = Stream(answer)
        opened.first = await opened.frame()
        if last_event_id is None:
            opened.first = await opened.frame()
        yield opened


def data(frame: dict[str, str]) -> Any:
    return json.loads(frame["data"])


async def test_a_change_comes_as_a_job_update_with_its_fields(sources: Sources) -> None:
    made = await sources.made()
    async with stream(sources) as opened:
        [job] = await sources.submitted(made)
        frame = await opened.frame()
        await sources.at.ask("DELETE", f"/api/background/job/{job['id']}")
        ended = data(await opened.frame())

    told = ("id", "status", "progress_message", "result_file_id", "source_id")
    assert (frame["event"], [data(frame)[name] for name in told]) == (
        "job_update",
        [job["id"], "queued", None, None, made["id"]],
    )
    assert (ended["id"], ended["status"]) == (job["id"], "cancelled")


async def test_only_jobs_of_data_sources_are_told_and_of_one_where_it_is_named(sources: Sources) -> None:
    shop, blog = await sources.made(), await sources.made(name="Blog")
    await sources.submitted(blog, BLOG)
    await sources.at.ask("POST", "/api/background/submit", json={"kind": "drill"})
    async with stream(sources) as every, stream(sources, source_id=shop["id"]) as one:
        await sources.at.ask("POST", "/api/background/submit", json={"kind": "drill"})
        await sources.submitted(blog, f"{BLOG}2")
        [job] = await sources.submitted(shop)
        of_all = [data(await every.frame())["source_id"] for _ in range(2)]
        of_one = data(await one.frame())

    assert [update["source_id"] for update in data(every.first)["jobs"]] == [blog["id"]]
    assert data(one.first)["jobs"] == []
    assert (of_all, of_one["id"]) == ([blog["id"], shop["id"]], job["id"])


async def test_a_cut_stream_goes_on_without_a_gap(sources: Sources) -> None:
    made = await sources.made()
    async with stream(sources) as opened:
        await sources.submitted(made)
        place = (await opened.frame())["id"]
    await sources.at.ask("POST", "/api/background/submit", json={"kind": "drill"})
    [missed] = await sources.submitted(made, f"{SHOP}2")
    async with stream(sources, last_event_id=place) as again:
        [live] = await sources.submitted(made, f"{SHOP}3")
        told = [data(await again.frame())["id"] for _ in range(2)]

    assert told == [missed["id"], live["id"]]


async def test_what_is_no_place_is_refused(sources: Sources) -> None:
    status, said = await sources.ask("GET", "/stream", **{"Last-Event-ID": "forged"})

    assert (status, said["code"]) == (400, "INVALID_CURSOR")

"""The stand-in for Firecrawl: what it promises beyond what the adapter's own tests ask of it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from infra.local.simulators.firecrawl import serve
from infra.local.simulators.firecrawl.script import parse
from infra.local.simulators.scripted import ScriptInvalid

KEY = {"Authorization": "Bearer any"}


async def ask(url: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    method = "GET" if body is None else "POST"
    sent = {**KEY, **headers}
    async with aiohttp.ClientSession() as http, http.request(method, url + path, json=body, headers=sent) as answer:
        return answer.status, await answer.json()


async def test_what_was_bought_and_which_keys_were_used_outlives_the_process(tmp_path: Path) -> None:
    journal, key, order = tmp_path / "firecrawl.jsonl", str(uuid4()), {"url": "https://a.example/?sim=ready_after:0"}
    server = await serve(state_file=journal)
    status, bought = await ask(server.url, "/v2/crawl", order, **{"x-idempotency-key": key})
    await server.close()
    again = await serve(state_file=journal)
    try:
        known = (await ask(again.url, f"/v2/crawl/{bought['id']}"))[1]["status"]
        repeated = (await ask(again.url, "/v2/crawl", order, **{"x-idempotency-key": key}))[0]
    finally:
        await again.close()

    assert (status, known, repeated) == (200, "completed", 409)


async def test_next_is_there_while_it_scrapes_also_after_an_empty_page() -> None:
    server = await serve(sim="ready_after:never,kickoff:60")
    try:
        _, bought = await ask(server.url, "/v2/crawl", {"url": "https://a.example/"})
        _, told = await ask(server.url, f"/v2/crawl/{bought['id']}")
    finally:
        await server.close()

    assert (told["status"], told["total"], told["data"]) == ("scraping", 0, [])
    assert told["next"] == f"{server.url}/v2/crawl/{bought['id']}?skip=0"


async def test_only_the_token_it_was_given_opens_it() -> None:
    server = await serve(token="fc-1")
    try:
        refused = await ask(server.url, "/v2/crawl/active")
        taken = await ask(server.url, "/v2/crawl/active", Authorization="Bearer fc-1")
    finally:
        await server.close()

    assert (refused[0], taken[0]) == (401, 200)


@pytest.mark.parametrize("text", ["pages:3", "documents:many", "fault:drop", "fault:trigger.500", "notify:perhaps"])
def test_a_script_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ScriptInvalid):
        parse(text)

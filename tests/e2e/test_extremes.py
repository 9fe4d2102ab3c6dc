"""Orders at and beyond the limits, and answers that stand for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.conftest import Api, order

TRIGGER = "/api/v1/crawl/trigger"
MANY = {"dataset_id": "gd_x", "platform": "facebook", "competitor": "c"}


async def send(api: Api, body: Any, **headers: str) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", **headers}
    async with api.http.post(api.system.url + TRIGGER, data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def named(problem: Any) -> list[str]:
    return [one["field"] for one in problem["errors"]]


async def test_ten_thousand_inputs_are_one_purchase_and_one_more_is_refused(api: Api) -> None:
    urls = [f"https://www.facebook.com/{n}?sim=ready_after:0.1,records:1" for n in range(10_001)]

    refused, problem = await api.post(TRIGGER, MANY | {"urls": urls})
    taken, answer = await api.post(TRIGGER, MANY | {"urls": urls[1:]})

    assert (refused, named(problem)) == (422, ["urls"])
    assert "10000" in problem["detail"]
    assert taken == 202
    found = await api.ended(answer["crawl_id"])
    assert (found["pipeline_status"], found["result"]["row_count"]) == ("completed", 10_000)


@pytest.mark.parametrize("depth", [70, 500, 900, 990, 1000, 1100, 5000, 100_000])
async def test_nesting_without_end_is_malformed_at_any_depth(api: Api, depth: int) -> None:
    body = json.dumps(order())[:-1].encode() + b', "metadata": {"a": ' + b"[" * depth + b"]" * depth + b"}}"

    status, problem = await send(api, body, **{"Idempotency-Key": f"depth {depth}"})

    assert (status, problem["code"]) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"platform": "a\0b"}, "platform"),
        ({"competitor": "\0"}, "competitor"),
        ({"metadata": {"team": {"name": "\0"}}}, "metadata.team.name"),
        ({"metadata": {"n": 10**30}}, "metadata.n"),
        ({"options": {"limit_per_input": 2**64}}, "options.limit_per_input"),
        ({"url": "https://a:99999/"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "HTTPS//x"}, "url"),
        ({"url": "data:text/html,x"}, "url"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_its_name(api: Api, more: dict[str, Any], field: str) -> None:
    status, problem = await api.post(TRIGGER, order(**more), **{"Idempotency-Key": f"unkept {field}"})

    assert (status, named(problem)) == (422, [field])


async def test_a_body_without_a_length_is_counted_while_it_comes(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * (64 << 10)

    async with api.http.post(api.system.url + TRIGGER, data=endless()) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("key", ["x" * 256, "\u00fc" * 256])
async def test_a_key_that_cannot_be_one_names_its_header(api: Api, key: str) -> None:
    status, problem = await api.post(TRIGGER, order(), **{"Idempotency-Key": key})

    assert (status, named(problem)) == (422, ["Idempotency-Key"])


@pytest.mark.parametrize("headers", [{}, {"Prefer": "respond-async"}])
async def test_an_answer_stands_byte_for_byte_whatever_became_of_its_crawl(api: Api, headers: dict[str, str]) -> None:
    body, key = json.dumps(order("ready_after:0.1,records:2")).encode(), f"for ever {headers}"

    async def answer(raw: bytes) -> tuple[int, bytes]:
        given = {"Content-Type": "application/json", "Idempotency-Key": key, **headers}
        async with api.http.post(api.system.url + TRIGGER, data=raw, headers=given) as told:
            return told.status, await told.read()

    first = await answer(body)
    await api.ended(json.loads(first[1])["crawl_id"])
    reordered = json.dumps(dict(reversed(json.loads(body).items())), indent=3).encode()

    assert first[0] == 202
    assert await answer(body) == await answer(reordered) == first


async def test_lists_can_be_filtered_and_a_token_belongs_to_its_filter(api: Api) -> None:
    made = [await api.trigger("ready_after:0.1,records:1", competitor="lists") for _ in range(3)]
    waiting = await api.trigger("ready_after:never")
    await asyncio.gather(*(api.ended(crawl_id) for crawl_id in made))

    _, completed = await api.get("/api/v1/crawl?status=completed&page_size=2")
    _, active = await api.get("/api/v1/crawl?status=active&page_size=200")
    token = completed["next_page_token"]
    _, rest = await api.get(f"/api/v1/crawl?status=completed&page_size=200&page_token={token}")
    other, problem = await api.get(f"/api/v1/crawl?status=failed&page_token={token}")

    ids = [one["crawl_id"] for one in (*completed["items"], *rest["items"])]
    assert ids[:3] == made[::-1]
    assert len(ids) == len(set(ids))
    assert rest["next_page_token"] is None
    assert waiting in [one["crawl_id"] for one in active["items"]]
    assert (other, named(problem)) == (400, ["page_token"])


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/v1/nowhere", 404), ("PUT", TRIGGER, 405), ("BREW", TRIGGER, 400)]
)
async def test_what_is_not_served_is_a_problem_too(api: Api, method: str, path: str, status: int) -> None:
    async with api.http.request(method, api.system.url + path) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["status"]) == (status, status)

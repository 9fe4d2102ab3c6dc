"""Whatever a caller sends, the answer says what is wrong and what would be right."""

import io
from typing import Any

import pytest

from tests.e2e.conftest import Api, order

WITHOUT_URL = {"dataset_id": "gd_x", "platform": "facebook", "competitor": "c"}
TRIGGER = "/api/v1/crawl/trigger"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (order(provider="nobody"), "provider"),
        (order(url="ftp://example.com/x"), "url"),
        (order(url="not a url"), "url"),
        (order(url="https://user:secret@example.com/"), "url"),
        (order(url="javascript:alert(1)"), "url"),
        (WITHOUT_URL, "body"),
        (order(urls=["https://example.com/"]), "body"),
        (WITHOUT_URL | {"urls": []}, "urls"),
        (WITHOUT_URL | {"urls": ["https://example.com/", "file:///etc/passwd"]}, "urls.1"),
        (WITHOUT_URL | {"inputs": [{"k": 1}] * 10_001}, "inputs"),
        (WITHOUT_URL | {"inputs": [{}]}, "inputs"),
        (order(dataset_id="../x"), "dataset_id"),
        (order(priority=9), "priority"),
        (order(surprise=True), "surprise"),
        ({}, "dataset_id"),
        ([], "body"),
    ],
)
async def test_a_wrong_field_is_named(api: Api, body: Any, field: str) -> None:
    async with api.http.post(api.system.url + TRIGGER, json=body) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert answer.status == 422
    assert field in [one["field"] for one in problem["errors"]]
    assert problem["recovery"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"dataset_id": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"metadata":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
async def test_what_is_no_json_is_refused(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with api.http.post(api.system.url + TRIGGER, data=body, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (400, "MALFORMED_JSON")


async def test_a_body_over_a_mebibyte_is_refused(api: Api) -> None:
    async with api.http.post(api.system.url + TRIGGER, data=io.BytesIO(b" " * (1 << 20) + b"{}")) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("crawl_id", ["00000000-0000-4000-8000-000000000000", "not-an-id", "%00"])
async def test_an_unknown_crawl_is_not_found(api: Api, crawl_id: str) -> None:
    for path in ("status", "result"):
        status, problem = await api.get(f"/api/v1/crawl/{crawl_id}/{path}")
        assert (status, problem["code"]) == (404, "NOT_FOUND")
    for path in ("cancel", "download", "retry-background"):
        assert (await api.post(f"/api/v1/crawl/{crawl_id}/{path}"))[0] == 404


async def test_a_command_at_the_wrong_time_names_the_right_ones(api: Api) -> None:
    crawl_id = await api.trigger()
    await api.ended(crawl_id)

    status, problem = await api.post(f"/api/v1/crawl/{crawl_id}/cancel")

    assert (status, problem["code"], problem["legal"]) == (409, "INVALID_TRANSITION", ["retry-background", "download"])


async def test_a_result_that_is_not_there_yet_is_refused(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:never")

    status, problem = await api.get(f"/api/v1/crawl/{crawl_id}/result")

    assert (status, problem["code"]) == (409, "NO_RESULT")


@pytest.mark.parametrize("query", ["page_token=forged", "status=nonsense", "page_size=0", "page_size=100000"])
async def test_a_page_that_cannot_be_is_refused(api: Api, query: str) -> None:
    status, problem = await api.get(f"/api/v1/crawl?{query}")

    assert status in {400, 422}
    assert problem["code"] == "INVALID_REQUEST"


async def test_good_input_is_taken(api: Api) -> None:
    for more in ({"priority": "HIGH"}, {"metadata": {"team": "x"}}, {"source_id": "s"}):
        assert (await api.post(TRIGGER, order(**more)))[0] == 202
    many = WITHOUT_URL | {"urls": ["https://example.com/?sim=records:1,ready_after:0.1"] * 3}
    assert (await api.post(TRIGGER, many))[0] == 202

"""The routes of budgets, spending, media and erasing, as callers meet them."""

from typing import Any
from uuid import UUID, uuid4

import aiohttp

from infra.runtime.http.app import create_app
from services.crawling.face import budgets, commands, erasing, media, ordering, questions
from tests.contract.http.house import serving
from tests.flow.crawling.rig import House
from tests.gates import OpenGate

SUBJECTS = (budgets, commands, erasing, media, ordering, questions)
ORDER = {
    "dataset_id": "gd_1",
    "platform": "p",
    "competitor": "c",
    "url": "https://a.example/?sim=ready_after:0,records:2",
    "source_id": "s1",
    "options": {"limit_per_input": 5},
}


async def ask(house: House, *asked: tuple[str, str, Any]) -> list[tuple[int, Any, Any]]:
    """Status, body and headers of each answer."""
    routers = [subject.routes(house.runtime) for subject in SUBJECTS]
    app, answers = create_app(title="crawling", gate=OpenGate(), routers=routers), []
    async with serving(app) as port, aiohttp.ClientSession() as http:
        for method, path, body in asked:
            async with http.request(method, f"http://127.0.0.1:{port}/api/v1/{path}", json=body) as answer:
                answers.append((answer.status, await answer.json(content_type=None), answer.headers))
    return answers


async def test_an_order_beyond_its_budget_is_402_and_says_which_and_until_when(house: House) -> None:
    put, *triggered, listed = await ask(
        house,
        ("PUT", "budgets?source_id=s1", {"records_per_day": 9}),
        ("POST", "crawl/trigger", ORDER),
        ("POST", "crawl/trigger", ORDER),
        ("GET", "budgets", None),
    )

    assert (put[0], put[1]["source_id"], put[1]["records_per_day"]) == (200, "s1", 9)
    assert [status for status, *_ in triggered] == [202, 402]
    refused = triggered[1][1]
    assert refused["code"] == "BUDGET_EXCEEDED"
    assert refused["budget"] == {"source_id": "s1", "name": "records_per_day"}
    assert (refused["limit"], refused["used"], refused["asked"]) == (9, 5, 5)
    (one,) = listed[1]["items"]
    assert (one["used"]["records_per_day"], one["renews_at"]["day"]) == (5, refused["renews_at"])
    assert len(await house.bought()) == 1


async def test_budgets_and_spending_come_in_pages(house: House) -> None:
    for source in ("s1", "s2", "s3"):
        await house.trigger(order={"source_id": source})
    await ask(house, *(("PUT", f"budgets?source_id=s{n}", {"money_per_day": 0.5}) for n in (1, 2, 3)))

    for what in ("budgets", "spend"):
        found, token = [], None
        for _ in range(3):
            place = f"&page_token={token}" if token else ""
            ((status, page, _),) = await ask(house, ("GET", f"{what}?page_size=1{place}", None))
            assert status == 200
            found += [one["source_id"] for one in page["items"]]
            token = page["next_page_token"]
        assert (found, token) == (["s1", "s2", "s3"], None)


async def test_a_budget_that_cannot_be_is_refused_by_its_field(house: House) -> None:
    answers = await ask(
        house,
        ("PUT", "budgets", {"records_per_day": -1}),
        ("PUT", "budgets", {"records_a_day": 1}),
        ("PUT", "budgets", {"money_per_month": 1e30}),
    )

    assert [status for status, *_ in answers] == [422, 422, 422]
    assert [body["errors"][0]["field"] for _, body, _ in answers] == [
        "records_per_day",
        "records_a_day",
        "money_per_month",
    ]


async def test_data_is_erased_by_a_job_and_its_crawl_is_gone_then(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:2")
    await house.work("load")
    ((status, body, headers),) = await ask(house, ("DELETE", f"crawl/{crawl_id}/data", None))
    assert (status, body["status"]) == (202, "queued")
    assert headers["Location"] == f"/api/background/job/{UUID(body['job_id'])}"

    await house.work("erase")
    paths = ("status", "result", "media")
    answers = await ask(
        house,
        *(("GET", f"crawl/{crawl_id}/{path}", None) for path in paths),
        ("POST", f"crawl/{crawl_id}/download", None),
        ("DELETE", f"crawl/{crawl_id}/data", None),
        ("DELETE", f"crawl/{uuid4()}/data", None),
    )

    assert [status for status, *_ in answers] == [410, 410, 410, 410, 202, 404]
    assert answers[0][1]["counts"]["warehouse_rows"] == 2
    assert answers[4][1]["status"] == "erased"


async def test_a_crawl_without_media_lists_none(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:2")

    assert await house.rows("SELECT FROM media") == []
    ((status, body, _),) = await ask(house, ("GET", f"crawl/{crawl_id}/media", None))
    assert (status, body) == (200, {"items": [], "next_page_token": None})

"""Crawls that come as jobs: the same orders, the same refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.flow.jobs.counter import Counter

ORDER = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "c", "url": "https://www.facebook.com/c"}


def crawl(order: dict[str, Any] = ORDER, **fields: Any) -> dict[str, Any]:
    return {"kind": "crawl", "payload": order, **fields}


async def test_an_order_becomes_a_crawl_and_its_job_at_once(desk: Counter) -> None:
    status, job = await desk.submit(crawl({**ORDER, "source_id": "s", "metadata": {"a": 1}}, metadata={"b": 2}))
    [row] = await desk.rows("SELECT * FROM crawls")
    queued = await desk.row(job["job_id"])

    assert (status, str(row["id"]), row["dataset_id"]) == (202, job["job_id"], "gd_1")
    assert row["inputs"] == [{"url": ORDER["url"]}]
    assert (queued["queue"], queued["step"], queued["max_tries"]) == ("submit", "submitting", 8)
    assert (queued["source_id"], queued["metadata"]) == ("s", {"a": 1, "b": 2})


async def test_what_the_order_says_of_its_priority_wins(desk: Counter) -> None:
    _, said = await desk.submit(crawl({**ORDER, "priority": "low"}, priority="critical"))
    _, silent = await desk.submit(crawl(priority="critical"))

    assert (said["priority"], silent["priority"]) == ("LOW", "CRITICAL")


async def test_an_order_for_later_has_its_time_from_then_on(desk: Counter) -> None:
    await desk.submit(crawl(due_at="2099-01-01T00:00:00Z"))

    [row] = await desk.rows("SELECT deadline FROM crawls")
    assert abs(row["deadline"] - datetime(2099, 1, 2, tzinfo=UTC)) < timedelta(minutes=1)


async def test_an_order_whose_time_is_past_has_its_time_from_now_on(desk: Counter) -> None:
    await desk.submit(crawl(due_at="2020-01-01T00:00:00Z"))

    [row] = await desk.rows("SELECT deadline FROM crawls")
    assert abs(row["deadline"] - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({**ORDER, "options": {"surprise": "x"}}, "payload.options.surprise"),
        ({**ORDER, "provider": "nobody"}, "payload.provider"),
        ({**ORDER, "url": "ftp://example.com/"}, "payload.url"),
        ({}, "payload.dataset_id"),
    ],
)
async def test_what_a_trigger_refuses_is_refused_here(desk: Counter, order: dict[str, Any], field: str) -> None:
    status, problem = await desk.submit(crawl(order))

    assert (status, field in [one["field"] for one in problem["errors"]]) == (422, True), problem
    assert await desk.rows("SELECT id FROM jobs UNION ALL SELECT id FROM crawls") == []


async def test_the_same_key_makes_one_crawl(desk: Counter) -> None:
    answers = [await desk.submit(crawl(), **{"Idempotency-Key": "k"}) for _ in range(3)]

    [row] = await desk.rows("SELECT id FROM crawls")
    assert [(status, UUID(job["job_id"])) for status, job in answers] == [(202, UUID(str(row["id"])))] * 3

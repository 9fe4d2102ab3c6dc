"""A crawl as its caller sees it, from the order to the records."""

import asyncio
import hashlib
import time
from typing import Any

from tests.e2e.conftest import Api, order


async def test_the_answer_has_the_published_fields(api: Api) -> None:
    status, answer = await api.post("/api/v1/crawl/trigger", order())

    assert status == 202
    assert list(answer) == ["status", "crawl_id", "snapshot_id", "message", "background_processing", "timestamp"]
    assert (answer["status"], answer["background_processing"]) == ("success", "started")
    assert answer["snapshot_id"].startswith("sd_")


async def test_the_status_has_the_published_fields(api: Api) -> None:
    found = await api.status(await api.trigger("ready_after:5"))

    published = {"crawl_id", "snapshot_id", "provider", "brightdata_status", "ready_for_download", "result", "error"}
    assert published | {"background_processing", "pipeline_status", "attempt", "progress"} <= set(found)
    assert set(found["background_processing"]) == {
        "polling_active",
        "polling_state",
        "poll_count",
        "estimated_completion",
        "last_poll_time",
        "time_elapsed",
    }
    assert found["pipeline_status"] == "waiting_for_brightdata"
    assert found["background_processing"]["estimated_completion"] is None


async def test_the_stored_records_are_the_providers_byte_for_byte(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:1500")
    found = await api.ended(crawl_id)

    async with api.http.get(f"{api.system.url}/api/v1/crawl/{crawl_id}/result") as answer:
        assert answer.content_type == "application/x-ndjson"
        stored = await answer.read()
    [bought] = [one for one in (await api.ledger())["snapshots"] if one["snapshot_id"] == found["snapshot_id"]]
    assert hashlib.sha256(stored).hexdigest() == bought["sha256"] == found["result"]["sha256"]
    assert stored.count(b"\n") == 1500 == found["result"]["row_count"] == found["result"]["post_count"]
    assert found["result"]["completeness"] == "complete"
    assert found["result"]["media_count"] > 0


async def test_an_estimate_comes_from_recent_runs(api: Api) -> None:
    dataset = {"dataset_id": "gd_estimated"}
    for crawl_id in [await api.trigger("ready_after:0.1,records:1", **dataset) for _ in range(3)]:
        await api.ended(crawl_id)

    found = await api.status(await api.trigger("ready_after:3", **dataset))

    assert found["background_processing"]["estimated_completion"] > found["created_at"]


async def test_a_caller_may_not_wait_for_the_provider(api: Api) -> None:
    status, answer = await api.post("/api/v1/crawl/trigger", order(), Prefer="respond-async")

    assert (status, answer["snapshot_id"]) == (202, None)
    assert (await api.ended(answer["crawl_id"]))["pipeline_status"] == "completed"


async def test_a_slow_provider_does_not_keep_the_caller_waiting(api: Api) -> None:
    began = time.monotonic()
    status, answer = await api.post("/api/v1/crawl/trigger", order("fault:trigger.hang=5@1,ready_after:0.1,records:2"))

    assert (status, answer["snapshot_id"]) == (202, None)
    assert time.monotonic() - began < 4.5
    found = await api.ended(answer["crawl_id"])
    assert found["pipeline_status"] == "completed"
    assert [one["snapshot_id"] for one in (await api.ledger())["snapshots"]].count(found["snapshot_id"]) == 1


async def test_fifty_orders_with_one_key_are_one_crawl_and_one_purchase(api: Api) -> None:
    before = len((await api.ledger())["snapshots"])
    body = order("ready_after:0.1,records:3")

    async def press() -> tuple[int, bytes]:
        while True:
            async with api.http.post(
                f"{api.system.url}/api/v1/crawl/trigger", json=body, headers={"Idempotency-Key": "fifty"}
            ) as answer:
                if answer.status != 409:
                    return answer.status, await answer.read()
            await asyncio.sleep(0.05)

    answers = await asyncio.gather(*(press() for _ in range(50)))

    assert {status for status, _ in answers} == {202}
    assert len({answer for _, answer in answers}) == 1
    assert len((await api.ledger())["snapshots"]) == before + 1


async def test_without_a_key_every_order_is_a_purchase(api: Api) -> None:
    before = len((await api.ledger())["snapshots"])

    await asyncio.gather(*(api.trigger() for _ in range(3)))

    assert len((await api.ledger())["snapshots"]) == before + 3


async def test_a_key_with_another_body_is_refused_and_the_first_answer_stands(api: Api) -> None:
    key = {"Idempotency-Key": "first-come"}
    _, first = await api.post("/api/v1/crawl/trigger", order(), **key)

    status, problem = await api.post("/api/v1/crawl/trigger", order(competitor="other"), **key)

    assert (status, problem["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await api.post("/api/v1/crawl/trigger", order(), **key))[1] == first


async def test_a_key_whose_first_request_is_not_answered_is_in_flight(api: Api) -> None:
    slow = order("fault:trigger.hang=2@1,ready_after:0.1,records:1", competitor="in flight")
    key = {"Idempotency-Key": "in-flight"}
    both = await asyncio.gather(*(api.post("/api/v1/crawl/trigger", slow, **key) for _ in range(2)))

    (refused, problem), (taken, _) = sorted(both, key=lambda one: one[0], reverse=True)
    assert (refused, problem["code"], taken) == (409, "IDEMPOTENCY_IN_PROGRESS", 202)


async def test_crawls_are_listed_page_by_page_newest_first(api: Api) -> None:
    made = [await api.trigger() for _ in range(5)]

    pages: list[Any] = []
    token = ""
    while len(pages) < 3:
        _, page = await api.get(f"/api/v1/crawl?page_size=2&page_token={token}")
        pages.append(page)
        token = page["next_page_token"]
    seen = [one["crawl_id"] for page in pages for one in page["items"]]

    assert seen[:5] == made[::-1]
    assert len(set(seen)) == 6


async def test_a_cancelled_crawl_says_so_once(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:never")

    status, _ = await api.post(f"/api/v1/crawl/{crawl_id}/cancel")

    assert status == 202
    found = await api.ended(crawl_id)
    assert (found["pipeline_status"], found["error"]["code"]) == ("cancelled", "CANCELLED")
    _, events = await api.get(f"/api/v1/events?crawl_id={crawl_id}")
    assert [one["type"] for one in events["items"]] == ["crawl.triggered", "crawl.failed"]
    assert events["items"][1]["data"]["stage"] == "cancelled"


async def test_a_download_by_hand_is_a_new_attempt_that_buys_nothing(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:0.1,records:7")
    first = await api.ended(crawl_id)
    before = len((await api.ledger())["snapshots"])

    status, answer = await api.post(f"/api/v1/crawl/{crawl_id}/download")

    assert (status, answer["attempt"]) == (202, 2)
    again = await api.ended(crawl_id)
    assert (again["attempt"], again["result"]["sha256"]) == (2, first["result"]["sha256"])
    assert len((await api.ledger())["snapshots"]) == before


async def test_a_webhook_without_the_crawls_token_changes_nothing(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:never")
    snapshot_id = (await api.status(crawl_id))["snapshot_id"]
    hint = {"snapshot_id": snapshot_id, "status": "ready"}

    status, problem = await api.post("/api/v1/webhooks/bright_data", hint, Authorization="Bearer forged")
    unknown, _ = await api.post("/api/v1/webhooks/bright_data", {"snapshot_id": "sd_unknown", "status": "ready"})

    assert (status, problem["code"]) == (401, "UNAUTHENTICATED")
    assert unknown == 404
    assert (await api.status(crawl_id))["pipeline_status"] == "waiting_for_brightdata"

"""Batches: accepted whole or not at all, waited for by many, told in one object."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.postgres.database import AT_HAND
from services.jobs.face import batches
from services.jobs.submitting.batch_watch import BatchWatch
from tests.flow.jobs.counter import Counter, counter

BATCH = "/submit-batch"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, processing_max_concurrent_jobs=50) as opened:
        yield opened


def drills(*payloads: dict[str, Any], **common: Any) -> dict[str, Any]:
    return {"kind": "drill", **common, "jobs": [{"payload": payload} for payload in payloads]}


async def count(desk: Counter) -> int:
    return int((await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"])


async def test_what_became_of_a_batch_stands_in_one_object(desk: Counter) -> None:
    async with desk.working():
        status, found = await desk.ask("POST", f"{BATCH}?wait=20", drills({}, {"fail": True}, {"result": {"n": 3}}))

    assert (status, found["status"]) == (200, "completed")
    assert [found[name] for name in ("total_jobs", "successful", "failed", "cancelled")] == [3, 2, 1, 0]
    assert 0 < found["processing_time"] < 20
    assert [job["job_id"] for job in found["jobs"]] == found["job_ids"]
    assert found["jobs"][2]["result"] == {"n": 3}
    [error] = found["errors"]
    assert (error["job_id"], error["code"]) == (found["job_ids"][1], "DRILL_FAILED")


async def test_what_is_common_holds_unless_a_job_says_otherwise(desk: Counter) -> None:
    body = {
        **drills({"seconds": 1}, priority="low", payload={"stumbles": 2}, metadata={"a": 1}, max_retries=5),
        "jobs": [{"payload": {"seconds": 1}}, {"priority": 0, "metadata": {"b": 2}, "payload": {"stumbles": 0}}],
    }
    _, found = await desk.ask("POST", BATCH, body)
    first, second = [await desk.row(one) for one in found["job_ids"]]

    assert (first["payload"], first["priority"], first["metadata"]) == ({"seconds": 1, "stumbles": 2}, 3, {"a": 1})
    assert (second["payload"], second["priority"], second["metadata"]) == ({"stumbles": 0}, 0, {"a": 1, "b": 2})
    assert (first["max_tries"], second["max_tries"]) == (6, 6)
    assert str(first["batch_id"]) == found["batch_id"]


async def test_one_bad_job_refuses_all_and_is_named(desk: Counter) -> None:
    status, problem = await desk.ask("POST", BATCH, drills({}, {}, {"seconds": -1}))

    assert (status, problem["index"], problem["errors"][0]["field"]) == (422, 2, "jobs.2.payload.seconds")
    assert await count(desk) == 0


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ({"kind": "nonsense"}, "KIND_NOT_ACCEPTED"),
        ({"metadata": {"x": "x" * 70_000}}, "METADATA_TOO_LARGE"),
        ({"kind": "crawl"}, "INVALID_REQUEST"),
        ({"priority": 5}, "INVALID_REQUEST"),
        ({"kind": None}, "INVALID_REQUEST"),
    ],
)
async def test_whatever_is_wrong_with_a_job_its_place_is_named(desk: Counter, job: dict[str, Any], code: str) -> None:
    _, problem = await desk.ask("POST", BATCH, {"kind": "drill", "jobs": [{}, job]})

    assert (problem["code"], "jobs.1" in problem["detail"]) == (code, True), problem
    assert await count(desk) == 0


async def test_an_order_that_no_provider_takes_refuses_the_batch_after_others_were_stored(desk: Counter) -> None:
    order = {"dataset_id": "d", "platform": "p", "competitor": "c", "url": "https://example.com/"}
    body = {"kind": "crawl", "payload": order, "jobs": [{}, {"payload": {"provider": "nobody"}}]}

    status, problem = await desk.ask("POST", BATCH, body)

    assert (status, problem["errors"][0]["field"]) == (422, "jobs.1.payload.provider")
    assert await count(desk) == len(await desk.rows("SELECT id FROM crawls")) == 0


async def test_ten_thousand_jobs_are_one_batch_and_one_more_is_too_many(desk: Counter) -> None:
    status, found = await desk.ask("POST", BATCH, drills(*[{}] * 10_000))
    refused, problem = await desk.ask("POST", BATCH, drills(*[{}] * 10_001))

    assert (status, found["total_jobs"], found["queued"]) == (202, 10_000, 10_000)
    assert len(set(found["job_ids"])) == 10_000
    assert (refused, problem["code"], problem["limit"]) == (413, "BATCH_TOO_LARGE", 10_000)
    assert await count(desk) == 10_000


async def test_jobs_come_a_page_at_a_time_in_their_order(desk: Counter) -> None:
    _, made = await desk.ask("POST", f"{BATCH}?page_size=3", drills(*[{}] * 7))
    seen, token = [one["job_id"] for one in made["jobs"]], made["next_page_token"]
    while token:
        _, page = await desk.ask("GET", f"/batch/{made['batch_id']}?page_size=3&page_token={token}")
        seen, token = seen + [one["job_id"] for one in page["jobs"]], page["next_page_token"]

    assert seen == made["job_ids"]


async def test_a_forged_page_token_is_refused(desk: Counter) -> None:
    _, made = await desk.ask("POST", f"{BATCH}?page_size=1", drills({}, {}))
    _, other = await desk.ask("POST", f"{BATCH}?page_size=1", drills({}, {}))

    for token in ("forged", made["next_page_token"][:-2], other["next_page_token"]):
        status, problem = await desk.ask("GET", f"/batch/{made['batch_id']}?page_token={token}")
        assert (status, problem["errors"][0]["field"]) == (400, "page_token")


@pytest.mark.parametrize("state", ["ready", "completed"])
async def test_a_clock_that_is_set_back_makes_no_time_of_less_than_nothing(desk: Counter, state: str) -> None:
    _, made = await desk.ask("POST", BATCH, drills({}))
    await desk.sql("UPDATE jobs SET state = $1, finished_at = now()", state)
    await desk.sql("UPDATE batches SET created_at = now() + interval '1 hour'")

    assert (await desk.ask("GET", f"/batch/{made['batch_id']}"))[1]["processing_time"] == 0


@pytest.mark.parametrize("batch_id", ["00000000-0000-4000-8000-000000000000", "no-id"])
async def test_an_unknown_batch_is_not_found(desk: Counter, batch_id: str) -> None:
    assert (await desk.ask("GET", f"/batch/{batch_id}"))[0] == 404


async def test_a_batch_of_another_tenant_is_not_found(desk: Counter) -> None:
    _, made = await desk.ask("POST", BATCH, drills({}))
    await desk.sql("UPDATE batches SET tenant = 'other'")

    assert (await desk.ask("GET", f"/batch/{made['batch_id']}"))[0] == 404


async def test_a_wait_that_is_too_short_answers_that_it_still_runs(desk: Counter) -> None:
    status, found = await desk.ask("POST", f"{BATCH}?wait=0.3", drills({}))
    again, asked = await desk.ask("GET", f"/batch/{found['batch_id']}?wait=0.3")

    assert (status, found["status"], again, asked["status"]) == (202, "processing", 200, "processing")


async def test_a_repeated_key_makes_one_batch_and_another_body_is_refused(desk: Counter) -> None:
    key = {"Idempotency-Key": "k"}
    _, first = await desk.ask("POST", BATCH, drills({}, {}), **key)
    _, again = await desk.ask("POST", BATCH, drills({}, {}), **key)
    status, problem = await desk.ask("POST", BATCH, drills({}), **key)

    assert (again["batch_id"], again["job_ids"]) == (first["batch_id"], first["job_ids"])
    assert (status, problem["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert await count(desk) == 2


async def test_many_wait_for_many_batches_with_one_look_and_no_connection(desk: Counter) -> None:
    made = [(await desk.ask("POST", BATCH, drills({"seconds": 0.5})))[1]["batch_id"] for _ in range(5)]
    watch: BatchWatch = desk.runtime.once(batches.watch)

    async def answered(batch_id: str) -> str:
        return str((await desk.ask("GET", f"/batch/{batch_id}?wait=20"))[1]["status"])

    waiting = [asyncio.create_task(answered(one)) for one in made * 20]
    async with asyncio.timeout(10):
        while sum(map(len, watch._waiting.values())) < len(waiting):  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.01)
    pool, before = desk.runtime.database.pool, watch.looks
    taken = pool.get_size() - pool.get_idle_size()
    async with desk.working():
        assert set(await asyncio.gather(*waiting)) == {"completed"}

    assert taken <= 3 + AT_HAND < pool.get_max_size()  # the listener, the sweep of the bus, one look
    assert watch.looks - before < 30
    assert not watch._waiting


async def test_who_waits_is_answered_when_the_process_stops(desk: Counter) -> None:
    _, made = await desk.ask("POST", BATCH, drills({}))
    watch: BatchWatch = desk.runtime.once(batches.watch)
    waiting = asyncio.create_task(watch.wait(UUID(made["batch_id"]), seconds=300))
    await asyncio.sleep(0)

    desk.runtime.stopping.set()

    await asyncio.wait_for(waiting, 5)

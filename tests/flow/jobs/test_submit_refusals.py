"""What /api/background/submit refuses, what a key does, and what the settings of submissions change."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.flow.jobs.counter import PREFIX, Counter, counter


async def count(desk: Counter) -> int:
    return int((await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"])


async def test_an_unknown_kind_is_answered_with_those_there_are(desk: Counter) -> None:
    status, problem = await desk.submit({"kind": "nonsense"})

    assert (status, problem["code"]) == (422, "KIND_NOT_ACCEPTED")
    assert {"crawl", "drill"} <= set(problem["allowed"])
    assert ", ".join(problem["allowed"]) in problem["detail"]


async def test_a_kind_that_only_the_engine_queues_cannot_be_submitted(desk: Counter) -> None:
    assert (await desk.submit({"kind": "load"}))[1]["code"] == "KIND_NOT_ACCEPTED"


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"priority": 5}, "priority", "0 to 4"),
        ({"priority": -1}, "priority", "CRITICAL"),
        ({"priority": "urgent"}, "priority", "BACKGROUND"),
        ({"priority": True}, "priority", "0 to 4"),
        ({"max_retries": 101}, "max_retries", "100"),
        ({"max_retries": -1}, "max_retries", "0"),
        ({"timeout": 0}, "timeout", "greater than 0"),
        ({"timeout": 86_401}, "timeout", "86400"),
        ({"due_at": "2030-01-01T00:00:00"}, "due_at", "timezone"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, "due_at", "2100"),
        ({"due_at": "2101-01-01T00:00:00Z"}, "due_at", "2100"),
        ({"due_at": 1_900_000_000}, "due_at", "ISO 8601"),
        ({"due_at": "1900000000"}, "due_at", "ISO 8601"),
        ({"due_at": "2030-01-01"}, "due_at", "ISO 8601"),
        ({"due_at": "tomorrow"}, "due_at", "datetime"),
        ({"payload": {"seconds": -1}}, "payload.seconds", "0"),
        ({"payload": {"surprise": 1}}, "payload.surprise", "not permitted"),
        ({"payload": []}, "payload", "JSON object"),
        ({"surprise": 1}, "surprise", "not permitted"),
        ({"kind": ""}, "kind", "at least 1"),
        ({"source_id": "a\0"}, "source_id", "U+0000"),
        ({"metadata": {"a\0": 1}}, "metadata", "U+0000"),
        ({"metadata": {"a": {"b": "\ud800"}}}, "metadata.a.b", "half"),
        ({"metadata": {"a": [1, 2**63]}}, "metadata.a.1", "64 bits"),
        ({"metadata": {"a": float("nan")}}, "metadata.a", "number"),
        ({"payload": {"result": {"x": float("inf")}}}, "payload.result.x", "number"),
    ],
)
async def test_a_wrong_field_is_named_with_what_is_right(desk: Counter, fields: Any, field: str, says: str) -> None:
    status, problem = await desk.submit({"kind": "drill", **fields})

    assert (status, problem["code"]) == (422, "INVALID_REQUEST"), problem
    [error] = problem["errors"]
    assert error["field"] == field
    assert says in error["message"]
    assert await count(desk) == 0


async def test_a_field_whose_name_is_no_text_is_refused_too(desk: Counter) -> None:
    for name in ("\ud800", "\0"):
        status, problem = await desk.submit({"kind": "drill", name: 1})
        assert (status, problem["code"]) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, '{"a":' * 100_000])
async def test_what_is_no_json_is_refused(desk: Counter, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    async with desk.http.post(f"{desk.url}{PREFIX}/submit", data=body, headers=headers) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) in {(400, "MALFORMED_JSON"), (422, "INVALID_REQUEST")}


async def test_what_nests_without_end_is_refused(desk: Counter) -> None:
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"a": deep}

    status, problem = await desk.submit({"kind": "drill", "metadata": deep})

    assert (status, problem["code"]) == (400, "MALFORMED_JSON")


async def test_metadata_may_be_as_large_as_the_limit_and_no_larger(desk: Counter) -> None:
    just = 64 * 1024 - len('{"x":""}')
    fits, _ = await desk.submit({"kind": "drill", "metadata": {"x": "x" * just}})
    status, problem = await desk.submit({"kind": "drill", "metadata": {"x": "x" * (just + 1)}})

    assert fits == 202
    assert (status, problem["code"], problem["limit"]) == (413, "METADATA_TOO_LARGE", 65_536)
    assert "65537" in problem["detail"]


async def test_the_same_key_makes_one_job_however_many_ask_at_once(desk: Counter) -> None:
    answers = await asyncio.gather(*(desk.submit(**{"Idempotency-Key": "k"}) for _ in range(20)))

    assert len({job["job_id"] for _, job in answers}) == 1
    assert {status for status, _ in answers} == {202}
    assert await count(desk) == 1


async def test_another_body_under_the_same_key_is_refused(desk: Counter) -> None:
    await desk.submit({"kind": "drill", "metadata": {"a": 1, "b": 2}}, **{"Idempotency-Key": "k"})
    same, _ = await desk.submit({"metadata": {"b": 2, "a": 1}, "kind": "drill"}, **{"Idempotency-Key": "k"})
    status, problem = await desk.submit({"kind": "drill"}, **{"Idempotency-Key": "k"})

    assert (same, status, problem["code"]) == (202, 422, "IDEMPOTENCY_MISMATCH")


async def test_a_key_that_cannot_be_is_refused(desk: Counter) -> None:
    status, problem = await desk.submit(**{"Idempotency-Key": "k" * 256})

    assert (status, problem["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_control_without_a_key_each_request_makes_a_job(desk: Counter) -> None:
    for _ in range(3):
        await desk.submit()

    assert await count(desk) == 3


async def ranks(opened: Counter) -> list[float]:
    files = [
        {},
        {"filename": "a.pdf", "size_bytes": 10**9},
        {"filename": "a.csv", "size_bytes": 0},
        {"size_bytes": "x"},
    ]
    rows = [await opened.accepted(metadata=metadata) for metadata in files]
    return [(row["rank_at"] - row["enqueued_at"]).total_seconds() - 600 for row in rows]


async def test_a_files_type_and_size_count_only_where_that_is_wished(database_dsn: str, tmp_path: Path) -> None:
    async with counter(database_dsn, tmp_path, priority_by_file=True) as counting:
        assert await ranks(counting) == [0, 75, 0, 0]
    async with counter(database_dsn, tmp_path) as plain:
        assert await ranks(plain) == [0, 0, 0, 0]


async def test_the_rate_limit_of_the_settings_holds_at_the_faces(database_dsn: str, tmp_path: Path) -> None:
    async with counter(database_dsn, tmp_path, rate_limit=0.5) as opened:
        assert [(await opened.submit())[0] for _ in range(2)] == [202, 429]

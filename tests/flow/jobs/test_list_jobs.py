"""GET /api/v2/jobs."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from infra.runtime.http.page_token import write_page_token
from services.jobs.face.reading import Status
from services.jobs.shapes import MEANT, STATUSES
from tests.flow.jobs.reader import Reader

STATES = ("ready", "scheduled", "waiting", "running", "paused", "completed", "failed", "cancelled")
STEPS = (None, "classifying", "extracting", "integrating", "quality_check", "elsewhere")


async def test_jobs_are_shown_newest_first_each_once(reading: Reader) -> None:
    made = await reading.queue(7)
    over = await reading.queue(5, columns="state = 'completed', finished_at = now()")
    newest = await reading.queue(2)

    assert await reading.ids(page_size=3) == [*reversed(newest), *reversed(over), *reversed(made)]
    assert await reading.ids(page_size=100) == await reading.ids(page_size=1)


async def test_a_job_that_ends_between_two_pages_is_shown_once(reading: Reader) -> None:
    made = await reading.queue(4)
    first = await reading.read("/api/v2/jobs", page_size=2)
    for job_id in (made[0], made[3]):
        await reading.counter.sql("UPDATE jobs SET state = 'failed', finished_at = now() WHERE id = $1", job_id)

    second = await reading.read("/api/v2/jobs", page_size=2, page_token=first["next_page_token"])

    assert [item["id"] for item in first["items"] + second["items"]] == [str(one) for one in reversed(made)]


async def test_a_job_is_shown_in_the_seeds_words(reading: Reader) -> None:
    await reading.queue(
        kind="import",
        metadata={"filename": "products.csv"},
        related_dataset_id="d",
        created_by="u",
        columns="state = 'running', started_at = now(), progress = 70, step = 'parsing'",
    )

    [item] = (await reading.read("/api/v2/jobs"))["items"]

    expected = {
        "job_type": "import",
        "status": "running",
        "progress": 70,
        "related_dataset_id": "d",
        "created_by": "u",
        "job_metadata": {"filename": "products.csv"},
    }
    assert {name: item[name] for name in expected} == expected


async def every_state(reading: Reader) -> dict[str, set[UUID]]:
    """A job in each combination its status depends on, by the status the code gives it."""
    by_status: dict[str, set[UUID]] = {}
    for state, step, tries, started in product(STATES, STEPS, (0, 1), ("NULL", "now()")):
        columns = f"state = '{state}', step = nullif('{step}', 'None'), tries = {tries}, started_at = {started}"
        [job_id] = await reading.queue(columns=columns)
        body = await reading.read(f"/api/background/job/{job_id}")
        by_status.setdefault(body["status"], set()).add(job_id)
    return by_status


async def test_a_status_finds_the_jobs_that_show_it_and_no_others(reading: Reader) -> None:
    by_status = await every_state(reading)
    assert set(by_status) == set(STATUSES)

    for asked in Status.__args__:
        meant = MEANT.get(asked, (asked,))
        assert set(await reading.ids(status=asked, page_size=200)) == set().union(*(by_status[one] for one in meant))


def test_every_status_can_be_asked_for() -> None:
    assert set(Status.__args__) == {*STATUSES, *MEANT}


BATCH = UUID(int=7)


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({"kind": "crawl"}, {"kind": "crawl"}),
        ({"kind": "crawl"}, {"job_type": "crawl"}),
        ({"queue": "poll"}, {"queue": "poll"}),
        ({"source_id": "s 1"}, {"source_id": "s 1"}),
        ({"batch_id": BATCH}, {"batch_id": str(BATCH)}),
        ({"priority": 1}, {"priority": "1"}),
        ({"priority": 1}, {"priority": "high"}),
        ({"kind": "crawl", "queue": "poll", "priority": 0}, {"kind": "crawl", "queue": "poll", "priority": "CRITICAL"}),
    ],
)
async def test_a_filter_finds_what_fits(reading: Reader, fields: dict[str, Any], query: dict[str, str]) -> None:
    wanted = await reading.queue(3, **fields)
    await reading.queue(2)
    await reading.queue(1, tenant="other", **fields)

    assert await reading.ids(page_size=2, **query) == list(reversed(wanted))


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"status": "lost"}, "status", "quality_check"),
        ({"priority": "5"}, "priority", "BACKGROUND"),
        ({"priority": "urgent"}, "priority", "CRITICAL"),
        ({"batch_id": "x"}, "batch_id", "UUID"),
        ({"page_size": "201"}, "page_size", "200"),
        ({"page_size": "0"}, "page_size", "1"),
        ({"kind": "a\0b"}, "kind", "pattern"),
        ({"colour": "red"}, "colour", "is not known here"),
    ],
)
async def test_a_wrong_question_is_told_what_is_allowed(
    reading: Reader, query: dict[str, str], field: str, said: str
) -> None:
    status, problem = await reading.get("/api/v2/jobs", **query)

    assert (status, problem["code"]) == (422, "INVALID_REQUEST")
    assert problem["errors"][0]["field"] == field
    assert said in problem["errors"][0]["message"]


@pytest.mark.parametrize("token", ["x", "é", "%%%", write_page_token(("2026-01-01T00:00:00Z",), asked=None, seal=b"x")])
@pytest.mark.parametrize("path", ["/api/v2/jobs", "/api/v2/jobs/active"])
async def test_a_forged_token_is_refused(reading: Reader, path: str, token: str) -> None:
    status, problem = await reading.get(path, page_token=token)

    assert (status, problem["code"], problem["errors"][0]["field"]) == (400, "INVALID_REQUEST", "page_token")
    assert "next_page_token" in problem["detail"]


async def test_a_token_belongs_to_its_filter(reading: Reader) -> None:
    await reading.queue(2)
    token = (await reading.read("/api/v2/jobs", page_size=1, kind="k"))["next_page_token"]

    status, problem = await reading.get("/api/v2/jobs", page_token=token)

    assert (status, problem["code"]) == (400, "INVALID_REQUEST")
    assert "another filter" in problem["detail"]
    assert (await reading.get("/api/v2/jobs", page_token=token, kind="k"))[0] == 200

"""What a dead letter carried can be seen, and why nobody needs it any more."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.flow.jobs.counter import Counter

LETTERS = "/dead-letters"
PAYLOAD = {"seconds": 1, "api_key": "k-123", "nested": {"note": "kept"}}
SHOWN = {"seconds": 1, "api_key": "***", "nested": {"note": "kept"}}


async def dead(desk: Counter) -> str:
    """A job that failed for good."""
    job_id = str((await desk.accepted())["id"])
    await desk.sql(
        "UPDATE jobs SET state = 'failed', finished_at = now(), payload = $1, error_code = 'C', error_class = 'data'",
        PAYLOAD,
    )
    return job_id


async def set_aside(desk: Counter) -> str:
    """An event that nobody could take."""
    return str(
        (
            await desk.rows(
                "INSERT INTO dead_letters (subscription, event_id, type, source, tenant, subject, time, data, attempts,"
                " outcome, reason, detail) VALUES ('s', $1, 'job.finished', '/x', 'default', 'j', $2, $3, 3,"
                " 'exhausted', 'C', 'd') RETURNING id",
                str(uuid4()),
                datetime.now(UTC),
                PAYLOAD,
            )
        )[0]["id"]
    )


async def listed(desk: Counter) -> dict[str, Any]:
    return {item["id"]: item for item in (await desk.ask("GET", LETTERS))[1]["items"]}


async def test_where_the_list_says_the_payload_is_the_payload_is(desk: Counter) -> None:
    job, message = await dead(desk), await set_aside(desk)
    found = await listed(desk)

    shown = {one: (await desk.ask("GET", found[one]["payload"].removeprefix("/api/background"))) for one in found}

    assert (shown[job][0], shown[job][1]["payload"]) == (200, SHOWN)
    assert (shown[message][0], shown[message][1]["content"]) == (200, SHOWN)
    assert (await desk.ask("GET", f"{LETTERS}/{job}"))[1]["content"] == SHOWN


async def test_a_letter_that_is_not_there_is_not_found(desk: Counter) -> None:
    alive = (await desk.accepted())["id"]

    for unknown in (alive, uuid4(), "x"):
        assert (await desk.ask("GET", f"{LETTERS}/{unknown}"))[1]["code"] == "DEAD_LETTER_UNKNOWN"


@pytest.mark.parametrize("reason", ["", " ", "\t\n "])
async def test_nothing_is_discarded_without_a_reason(desk: Counter, reason: str) -> None:
    job = await dead(desk)

    status, problem = await desk.ask("POST", f"{LETTERS}/{job}/discard", {"reason": reason})

    assert (status, problem["errors"][0]["field"]) == (422, "reason")
    assert job in await listed(desk)


async def test_a_discarded_job_says_when_and_why(desk: Counter) -> None:
    job = await dead(desk)
    before = (await desk.ask("GET", f"/job/{job}"))[1]

    assert (await desk.ask("POST", f"{LETTERS}/{job}/discard", {"reason": "two\nlines"}))[0] == 200

    after = (await desk.ask("GET", f"/job/{job}"))[1]
    assert (before["discarded_at"], before["discard_reason"]) == (None, None)
    assert (datetime.fromisoformat(after["discarded_at"]).tzinfo, after["discard_reason"]) == (UTC, "two\nlines")

"""Each fault of an answer does what its name says, as often as asked, and then lets the call through."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.enable_socket
BUSY = "You have too many running jobs for this dataset."


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("401", 401, "Auth method is not supported"),
        ("404", 404, "Snapshot does not exist"),
        ("410", 410, "Snapshot is expired"),
        ("429", 429, BUSY),
        ("500", 500, "Internal server error"),
        ("502", 502, "<html>"),
        ("503", 503, "<html>"),
        ("504", 504, "<html>"),
        ("html", 200, "<!doctype html>"),
        ("empty_body", 200, ""),
        ("garbage", 200, '{"status":"rea'),
        ("redirect", 307, ""),
    ],
)
@pytest.mark.parametrize("call", ["progress", "snapshot"])
async def test_an_answer_is_wrong_twice_and_then_right(
    customer: Any, call: str, name: str, status: int, told: str
) -> None:
    snapshot_id = await customer.buy(f"ready_after:0,fault:{name}@2")

    answers = [await customer.get(f"/{call}/{snapshot_id}") for _ in range(3)]

    assert [one.status for one in answers] == [status, status, 200]
    assert answers[0].text.startswith(told)
    assert answers[2].body.startswith(b"{")
    assert b"post_id" in answers[2].body or b'"ready"' in answers[2].body


async def test_a_fault_keeps_to_its_call(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:progress.500")

    assert (await customer.get(f"/snapshot/{snapshot_id}")).status == 200
    assert [(await customer.get(f"/progress/{snapshot_id}")).status for _ in range(3)] == [500] * 3


@pytest.mark.parametrize(
    ("word", "header"),
    [
        ("", None),
        ("7", "7"),
        ("negative", "-5"),
        ("huge", "1000000000"),
        ("junk", "soon"),
        ("date", "Mon, 21 Sep 2026 14:13:22 GMT"),
        ("past", "Mon, 21 Sep 2026 13:13:20 GMT"),
    ],
)
async def test_retry_after_comes_in_every_spelling(customer: Any, word: str, header: str | None) -> None:
    snapshot_id = await customer.buy(f"fault:429={word}@1" if word else "fault:429@1")

    assert (await customer.get(f"/progress/{snapshot_id}")).headers.get("Retry-After") == header


@pytest.mark.parametrize(("seconds", "blocked"), [(1, True), (13, False)])
async def test_25_refusals_in_five_minutes_block_the_address(customer: Any, seconds: int, blocked: bool) -> None:  # noqa: FBT001  # a row of the table
    snapshot_id = await customer.buy("ready_after:0,fault:429@25")
    for _ in range(25):
        assert (await customer.get(f"/progress/{snapshot_id}")).status == 429
        customer.clock.now += seconds

    assert (await customer.get("/snapshots", dataset_id="gd_posts")).status == (403 if blocked else 200)
    assert (await customer.ledger())["too_many_requests"] == 25
    await customer.ask("POST", "/simulator/unblock")
    assert (await customer.get(f"/progress/{snapshot_id}")).status == 200


async def test_an_unknown_status_word_is_said_until_ready(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:2,status:digesting")
    first = json.loads((await customer.get(f"/progress/{snapshot_id}")).body)
    customer.clock.now += 2

    assert first["status"] == "digesting"
    assert json.loads((await customer.get(f"/progress/{snapshot_id}")).body)["status"] == "ready"


async def test_never_is_running_after_a_year(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:never")
    customer.clock.now += 366 * 86_400

    assert json.loads((await customer.get(f"/progress/{snapshot_id}")).body)["status"] == "running"
    assert (await customer.get(f"/snapshot/{snapshot_id}")).status == 202


async def test_ready_is_not_yet_downloadable(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:building=10@1,fault:conflict@1,fault:not_ready=30@1")
    progress = json.loads((await customer.get(f"/progress/{snapshot_id}")).body)

    answers = [await customer.get(f"/snapshot/{snapshot_id}") for _ in range(4)]

    assert progress["status"] == "ready"
    assert [one.status for one in answers] == [202, 409, 202, 200]
    assert json.loads(answers[0].body) == {"status": "building", "message": "Snapshot is building, try again in 10s"}
    assert [one.headers.get("Retry-After") for one in answers] == ["10", None, "30", None]


async def test_a_snapshot_fails_with_its_message(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,failed:Account is suspended")

    said = json.loads((await customer.get(f"/progress/{snapshot_id}")).body)

    assert said == {"status": "failed", "error_message": "Account is suspended"}


async def test_nothing_found_is_an_empty_array_or_a_400(customer: Any) -> None:
    assert await customer.lines("records:0", format="json") == b"[]"
    assert await customer.lines("records:0,fault:empty") == b"Snapshot is empty"


async def test_a_snapshot_expires(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,expires_after:100")
    before = (await customer.get(f"/snapshot/{snapshot_id}")).status
    customer.clock.now += 100
    after = await customer.get(f"/snapshot/{snapshot_id}")

    assert (before, after.status, after.text) == (200, 400, "Snapshot is expired")


async def test_a_fresh_snapshot_is_not_found_for_a_while(customer: Any) -> None:
    snapshot_id = await customer.buy("hidden_for:30")
    first = await customer.get(f"/progress/{snapshot_id}")
    listed = await customer.get("/snapshots", dataset_id="gd_posts")
    customer.clock.now += 30

    assert (first.status, listed.body) == (404, b"[]")
    assert (await customer.get(f"/progress/{snapshot_id}")).status == 200


@pytest.mark.parametrize("wrong", [-1, 3])
async def test_progress_promises_what_is_not_there(customer: Any, wrong: int) -> None:
    snapshot_id = await customer.buy(f"ready_after:0,count:{wrong}")

    promised = json.loads((await customer.get(f"/progress/{snapshot_id}")).body)["records"]

    assert promised - (await customer.get(f"/snapshot/{snapshot_id}")).body.count(b"\n") == wrong

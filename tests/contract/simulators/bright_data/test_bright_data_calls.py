"""What the simulator answers when nothing is wrong, and how it refuses what the provider refuses."""

import csv
import io
import json
from typing import Any

import aiohttp
import pytest

pytestmark = pytest.mark.enable_socket
ROW = {"url": "https://www.facebook.com/water.mill"}


@pytest.mark.parametrize("body", [[ROW], {"input": [ROW]}, ROW], ids=["array", "wrapper", "object"])
async def test_every_form_of_json_order_is_taken(customer: Any, body: Any) -> None:
    answer = await customer.trigger(body)

    assert answer.status == 200
    assert json.loads(answer.body)["snapshot_id"].startswith("sd_")


async def test_a_csv_file_is_an_order(customer: Any) -> None:
    form = aiohttp.FormData()
    form.add_field("data", b"url\nhttps://a.example/1\nhttps://a.example/2\n", filename="in.csv")

    answer = await customer.ask("POST", "/trigger", params={"dataset_id": "gd_posts"}, data=form)

    bought = (await customer.ledger())["snapshots"][0]
    assert answer.status == 200
    assert [row["url"] for row in bought["inputs"]] == ["https://a.example/1", "https://a.example/2"]


@pytest.mark.parametrize(
    ("query", "body", "status", "told"),
    [
        ({"dataset_id": ""}, [ROW], 400, "dataset missing"),
        ({"dataset_id": "x"}, [ROW], 404, "dataset does not exist"),
        ({}, [], 400, "No data to trigger"),
        ({"type": "discover_new"}, [ROW], 400, "discover_by is required"),
        ({"type": "wrong"}, [ROW], 400, '{"validation_errors":["\\"type\\" must be one of [discover_new, url_collecti'),
        ({"limit_per_input": "0"}, [ROW], 400, '{"validation_errors":["\\"limit_per_input\\" must be greater'),
    ],
)
async def test_a_wrong_order_is_refused_in_the_providers_words(
    customer: Any, query: dict[str, str], body: Any, status: int, told: str
) -> None:
    answer = await customer.trigger(body, **query)

    assert (answer.status, answer.text[: len(told)]) == (status, told)
    assert answer.headers["Content-Type"].startswith("application/json" if told[0] == "{" else "text/html")


async def test_one_bad_row_refuses_the_whole_order_with_its_place(customer: Any) -> None:
    answer = await customer.trigger([ROW, {"name": "x"}])

    said = json.loads(answer.body)
    assert (answer.status, said["code"], said["index"], said["line"]) == (400, "validation_error", 2, '{"name":"x"}')
    assert said["errors"] == [["url", "Required field"], ["name", "This input should not contain a name field"]]
    assert (await customer.ledger())["snapshots"] == []


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"", "Parser has expected a value"), (b"{", "Parser cannot parse input: expected a value")],
)
async def test_what_is_no_json_is_a_parse_error(customer: Any, raw: bytes, error: str) -> None:
    answer = await customer.ask("POST", "/trigger", params={"dataset_id": "gd_posts"}, data=raw)

    assert (answer.status, json.loads(answer.body)) == (400, {"error": error, "code": "parse_error"})


async def test_a_custom_input_field_comes_back_in_every_record_and_in_the_ledger(customer: Any) -> None:
    row = {"url": "https://www.facebook.com/a?sim=ready_after:0,records:3", "headrace_crawl_id": "c-1"}
    refused = await customer.trigger([row])
    answer = await customer.trigger({"input": [row], "custom_input_fields": ["headrace_crawl_id"]})

    lines = (await customer.get(f"/snapshot/{json.loads(answer.body)['snapshot_id']}")).body.splitlines()
    assert refused.status == 400
    assert [json.loads(line)["input"] for line in lines] == [row] * 3
    assert (await customer.ledger())["snapshots"][0]["correlation"] == "c-1"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "Credentials are missing"),
        ({"Authorization": "Bearer "}, "Auth method is not supported"),
        ({"Authorization": "Token x"}, "Auth method is not supported"),
        ({"Authorization": "Basic eDp5"}, "Basic auth is not allowed"),
    ],
)
async def test_who_has_no_bearer_reads_html(customer: Any, headers: dict[str, str], told: str) -> None:
    answer = await customer.ask("GET", "/progress/sd_x", headers=headers)

    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (401, told, "text/html; charset=utf-8")


async def test_progress_goes_from_starting_to_ready(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:5,records:10,errors:2")
    said = []
    for seconds in (0.1, 1.9, 2.6, 0.5):
        customer.clock.now += seconds
        said.append(json.loads((await customer.get(f"/progress/{snapshot_id}")).body))

    assert [one["status"] for one in said] == ["starting", "running", "closing", "ready"]
    assert said[1]["running_time"] == 2000
    assert said[3] == {
        "status": "ready",
        "snapshot_id": snapshot_id,
        "dataset_id": "gd_posts",
        "error_codes": {"dead_page": 2},
        "records": 10,
        "errors": 2,
        "collection_duration": 5000,
        "avg_duration_per_input": 5000,
    }


async def test_an_unknown_snapshot_is_404_as_text_and_as_json_in_the_log(customer: Any) -> None:
    assert [(await customer.get(f"/{call}/snap_1")).text for call in ("progress", "snapshot", "log")] == [
        "Snapshot does not exist",
        "Snapshot does not exist",
        '{"error":"Snapshot not found"}',
    ]


async def test_what_is_not_ready_is_202(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:9")

    answer = await customer.get(f"/snapshot/{snapshot_id}", format="ndjson")

    assert answer.status == 202
    assert json.loads(answer.body)["message"] == "Snapshot is not ready yet, try again in 30s"
    assert (await customer.get(f"/snapshot/{snapshot_id}/parts")).text == "Snapshot is not ready"


async def test_parts_put_together_are_the_whole_and_the_last_is_short(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,records:2345,errors:7,bad_lines:3", include_errors="true")
    path = f"/snapshot/{snapshot_id}"

    said = json.loads((await customer.get(f"{path}/parts", batch_size="1000")).body)
    bodies = [(await customer.get(path, batch_size="1000", part=str(n))).body for n in (1, 2, 3)]

    assert said == {"parts": 3}
    assert [body.count(b"\n") for body in bodies] == [1000, 1000, 352]
    assert b"".join(bodies) == (await customer.get(path)).body
    assert (await customer.get(path, batch_size="999")).status == 400
    assert (await customer.get(path, batch_size="1000", part="4")).status == 400


async def test_the_inputs_come_back_as_csv(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0")

    answer = await customer.get(f"/snapshot/{snapshot_id}/input")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows == [{"url": "https://www.facebook.com/water.mill?sim=ready_after:0"}]


async def test_a_cancelled_snapshot_says_so_and_holds_no_posts(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:never", include_errors="true")
    cancel = f"/snapshot/{snapshot_id}/cancel"

    answers = [await customer.ask("POST", cancel) for _ in range(2)]

    said = json.loads((await customer.get(f"/progress/{snapshot_id}")).body)
    left = json.loads((await customer.get(f"/snapshot/{snapshot_id}", format="json")).body)
    assert [(one.status, one.text) for one in answers] == [(200, "OK"), (400, "Snapshot is not running")]
    assert (said["status"], said["error_codes"]) == ("canceled", {"aborted_page": 1})
    assert [one["error"] for one in left] == ["Crawl aborted on job cancel"]


async def test_a_rerun_is_another_purchase_of_the_same_bytes(customer: Any) -> None:
    first = await customer.buy("ready_after:0")
    answer = await customer.ask("POST", f"/snapshot/{first}/rerun")

    one, two = (await customer.ledger())["snapshots"]
    assert json.loads(answer.body) == {"snapshot_id": two["snapshot_id"]}
    assert one["snapshot_id"] != two["snapshot_id"]
    assert one["sha256"] == two["sha256"]


async def test_the_listing_filters_by_dataset_status_and_date(customer: Any) -> None:
    old = await customer.buy("ready_after:0")
    customer.clock.now += 3 * 86_400
    new = await customer.buy("ready_after:60")
    today = json.loads((await customer.get("/snapshots", dataset_id="gd_posts")).body)[0]["created"][:10]

    async def listed(**query: str) -> list[str]:
        answer = await customer.get("/snapshots", **({"dataset_id": "gd_posts"} | query))
        return [row["id"] for row in json.loads(answer.body)]

    assert await listed() == [new, old]
    assert await listed(skip="1", limit="1") == [old]
    assert await listed(status="ready") == [old]
    assert await listed(from_date=today) == await listed(from_date=today, to_date=today) == [new]
    assert await listed(dataset_id="gd_other") == []
    assert (await customer.get("/snapshots")).text == "dataset missing"


async def test_the_log_tells_how_a_snapshot_was_bought(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:6", notify="http://127.0.0.1:9/hook?crawl=c-7")

    said = json.loads((await customer.get(f"/log/{snapshot_id}")).body)

    assert said["trigger"]["type"] == "API"
    assert "/datasets/v3/trigger?dataset_id=gd_posts&notify=" in said["trigger"]["trigger_url"]
    assert "c-7" in said["trigger"]["trigger_url"]
    assert (said["status"], said["inputs_count"], said["file_size"]) == ("starting", 1, None)

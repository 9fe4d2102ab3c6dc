"""What is in a result decides how its crawl ends."""

import json

import pytest

from tests.flow.crawling.commands import download
from tests.flow.crawling.lakes import THREE_PARTS, Away, Large, file_at, proven, ready, store_and_die
from tests.flow.crawling.rig import TENANT, House, sha256


async def test_failed_inputs_at_the_end_are_not_forgotten_though_all_promised_records_are_there(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:1000,errors:3")

    result = await proven(house, crawl_id)
    assert (result["row_count"], result["post_count"]) == (1003, 1000)
    assert "3 inputs failed" in result["warnings"][0]


@pytest.mark.parametrize("sim", ["records:0", "records:5,fault:snapshot.empty"])
async def test_an_empty_snapshot_is_a_result_of_no_rows(house: House, sim: str) -> None:
    crawl_id = await ready(house, f"ready_after:0,{sim}")
    await house.sql("UPDATE crawls SET expected_records = 0 WHERE id = $1", crawl_id)

    status = await house.finish(crawl_id)

    assert status["pipeline_status"] == "completed"
    assert (status["result"]["row_count"], status["result"]["sha256"]) == (0, sha256(b""))
    assert await house.result(crawl_id) == b""
    assert await house.visible(crawl_id) == []


@pytest.mark.parametrize("difference", [1, -1, 100])
async def test_another_number_of_records_than_promised_is_refused_and_can_be_fetched_again(
    house: House, difference: int
) -> None:
    crawl_id = await house.stored(f"{THREE_PARTS},count:{difference}")
    failure, status = await house.failure(crawl_id), await house.status(crawl_id)
    house.amend(status["snapshot_id"], "count:0")
    await download(house, crawl_id)
    again = await house.finish(crawl_id)

    assert (failure["code"], failure["stage"]) == ("RESULT_COUNT_MISMATCH", "download")
    assert failure["error"] == f"the provider counted {2500 + difference} records, 2500 came"
    assert (again["pipeline_status"], again["attempt"]) == ("completed", 2)
    assert len(await house.bought()) == 1


async def test_a_result_is_stored_without_a_look_at_what_else_lies_in_the_lake(house: House) -> None:
    house.replace(lake=Large(house.context.lake))

    status = await house.status(await house.stored(THREE_PARTS))

    assert status["pipeline_status"] == "completed", status
    assert json.loads(file_at(status["result"]["manifest"]))["rejects"] == []


async def test_bad_lines_are_set_aside_with_their_number_and_reason(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:2500,bad_lines:5")

    status = await house.status(crawl_id)
    names = await house.lake_names(crawl_id)
    kept = [name for name in names if name.startswith("rejects/")]
    prefix = f"crawls/{TENANT}/{crawl_id}/1/"
    rejects = [
        json.loads(line)
        for name in kept
        for line in b"".join([block async for block in house.context.lake.read(prefix + name)]).splitlines()
    ]
    manifest = json.loads(file_at(status["result"]["manifest"]))
    assert [reject["line"] for reject in rejects] == [251, 751, 1251, 1751, 2251]
    assert all(reject["reason"] and isinstance(reject["raw"], str) for reject in rejects)
    assert [url.rpartition("/1/")[2] for url in manifest["rejects"]] == kept
    assert (status["result"]["row_count"], status["result"]["rejected_count"]) == (2495, 5)
    assert status["result"]["completeness"] == "partial"
    assert "5 lines were rejected" in status["result"]["warnings"][0]


async def test_rejects_are_counted_once_though_their_part_was_stored_by_a_dead_process(house: House) -> None:
    crawl_id = await ready(house, "ready_after:0,records:2500,bad_lines:5")
    await store_and_die(house, crawl_id, "after create parts/00001.ndjson.gz")

    await house.work("store")

    result = (await house.status(crawl_id))["result"]
    assert (result["row_count"], result["rejected_count"]) == (2495, 5)


@pytest.mark.parametrize(
    ("sim", "code", "stage"),
    [
        ("records:100,bad_lines:5", "ROW_REJECT_LIMIT", "download"),
        ("records:10,fault:snapshot.html", "RESULT_NOT_DATA", "download"),
        ("records:2500,fault:gzip_crc", "RESULT_CORRUPT", "download"),
        ("records:10,fault:gzip_double", "RESULT_CORRUPT", "download"),
        ("records:10,fault:bomb=300", "RESULT_BOMB", "download"),
        ("records:10,fault:expired", "RESULT_EXPIRED", "download"),
        ("records:10,fault:snapshot.404", "PROVIDER_JOB_FAILED", "provider"),
        ("records:10,fault:snapshot.401", "PROVIDER_AUTH", "download"),
    ],
)
async def test_a_result_that_is_none_ends_the_crawl_with_its_reason(
    house: House, sim: str, code: str, stage: str
) -> None:
    crawl_id = await house.submitted(f"ready_after:0,{sim}")

    await house.finish(crawl_id)

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == (code, stage)
    assert not {"records.ndjson.gz", "manifest.json"}.intersection(await house.lake_names(crawl_id))


@pytest.mark.parametrize(
    ("fault", "code"),
    [("gzip_cut", "RESULT_TRUNCATED"), ("gzip_trailer", "RESULT_TRUNCATED"), ("snapshot.502", "PROVIDER_UNAVAILABLE")],
)
async def test_a_download_that_never_succeeds_ends_after_all_tries(house: House, fault: str, code: str) -> None:
    crawl_id = await ready(house, f"ready_after:0,records:10,fault:{fault}")
    for _ in range(8):
        assert await house.ends(crawl_id) == []
        await house.hurry()
        await house.work("store")

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == (code, "download")


async def test_a_lake_that_stays_away_ends_the_crawl_at_storage(house: House) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    house.replace(lake=Away(house.context.lake))
    for _ in range(8):
        await house.hurry()
        await house.work("store")

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("STORE_UNAVAILABLE", "storage")

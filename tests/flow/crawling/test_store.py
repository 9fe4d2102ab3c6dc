"""A result is stored part by part, whole or not at all, and proven before anybody hears of it."""

import json
from contextlib import suppress

import pytest

from services.crawling import store_snapshot as module
from services.crawling.store_snapshot import store_snapshot
from services.jobs.engine.settle import LeaseLost
from tests.flow.crawling.lakes import (
    THREE_PARTS,
    Blind,
    file_at,
    in_storage,
    object_at,
    proven,
    ready,
    store_and_die,
)
from tests.flow.crawling.rig import House, sha256


@pytest.fixture(params=["embedded", "storage"])
def house(house: House, request: pytest.FixtureRequest) -> House:
    if request.param == "storage":
        house.replace(lake=in_storage(request.getfixturevalue("storage_emulator")))
    return house


async def content_at(url: str, request: pytest.FixtureRequest) -> bytes:
    if url.startswith("gs://"):
        return await object_at(url, request.getfixturevalue("storage_emulator"))
    return file_at(url)


async def test_a_result_of_three_parts_becomes_one_object_with_a_manifest_beside_it(
    house: House, request: pytest.FixtureRequest
) -> None:
    crawl_id = await house.stored(THREE_PARTS)

    result = await proven(house, crawl_id)
    status = await house.status(crawl_id)
    manifest = json.loads(await content_at(result["manifest"], request))
    stored = await content_at(result["gcs_path"], request)
    assert (result["row_count"], result["post_count"], result["completeness"]) == (2500, 2500, "complete")
    assert result["media_count"] > 0
    assert manifest == {
        "crawl_id": str(crawl_id),
        "attempt": 1,
        "provider": "bright_data",
        "snapshot_id": status["snapshot_id"],
        "dataset_id": "gd_1",
        "expected_records": 2500,
        "parts": 3,
        "object": {
            "url": result["gcs_path"],
            "generation": result["generation"],
            "size_bytes": len(stored),
            "sha256": sha256(stored),
        },
        "rejects": [],
        "post_count": 2500,
        "media_count": result["media_count"],
        "row_count": 2500,
        "rejected_count": 0,
        "size_bytes": result["size_bytes"],
        "sha256": result["sha256"],
        "completeness": "complete",
        "warnings": [],
    }


DEATHS = [
    "before create parts/00001.ndjson.gz",
    "after create parts/00001.ndjson.gz",
    "after create parts/00002.ndjson.gz",
    "before create parts/00003.ndjson.gz",
    "after create parts/00003.ndjson.gz",
    "before compose records.ndjson.gz",
    "after compose records.ndjson.gz",
    "before create manifest.json",
    "after create manifest.json",
    "before delete parts/00001.ndjson.gz",
    "after delete parts/00002.ndjson.gz",
    "after delete parts/00003.ndjson.gz",
]


@pytest.mark.parametrize("point", DEATHS)
async def test_after_a_death_anywhere_the_work_goes_on_and_no_part_is_fetched_twice(house: House, point: str) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    await store_and_die(house, crawl_id, point)
    assert await house.ends(crawl_id) == []

    await house.work("store")

    await proven(house, crawl_id)
    assert house.calls("snapshot") == 3


async def test_two_deaths_in_a_row_change_nothing_either(house: House) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    await store_and_die(house, crawl_id, "after create parts/00001.ndjson.gz")
    await store_and_die(house, crawl_id, "after compose records.ndjson.gz")

    await house.work("store")

    await proven(house, crawl_id)


async def test_a_part_cut_in_the_middle_is_fetched_again_and_the_others_are_not(house: House) -> None:
    crawl_id = await ready(house, f"{THREE_PARTS},fault:gzip_cut@1")
    await house.work("store")
    after_the_cut = await house.lake_names(crawl_id)

    await house.hurry()
    await house.work("store")

    await proven(house, crawl_id)
    assert after_the_cut == []
    assert house.calls("snapshot") == 4


async def test_long_work_is_given_back_and_goes_on_in_a_fresh_claim(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FUNCTION_SECONDS", 0.0)
    crawl_id = await house.stored(THREE_PARTS)

    await proven(house, crawl_id)
    told = await house.rows("SELECT type FROM job_events WHERE job_id = $1 AND type = 'given_back'", crawl_id)
    assert len(told) == 2
    assert house.calls("snapshot") == 3


async def test_a_part_somebody_else_wrote_meanwhile_is_adopted(house: House) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    await store_and_die(house, crawl_id, "after create parts/00001.ndjson.gz")
    house.replace(lake=Blind(house.context.lake))

    await house.work("store")

    await proven(house, crawl_id)


async def test_a_composed_object_somebody_else_wrote_meanwhile_is_adopted(house: House) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    await store_and_die(house, crawl_id, "after delete parts/00003.ndjson.gz")
    house.replace(lake=Blind(house.context.lake))

    await house.work("store")

    await proven(house, crawl_id)


@pytest.mark.parametrize(
    ("sim", "seconds"), [("not_ready=7", 7), ("building", 10), ("conflict=3", 3), ("not_ready=junk", 30)]
)
async def test_ready_and_then_not_quite_is_a_wait_that_costs_no_try(house: House, sim: str, seconds: float) -> None:
    crawl_id = await ready(house, f"{THREE_PARTS},fault:{sim}@1")
    await house.work("store")
    (row,) = await house.rows("SELECT state, tries, due_at - now() AS rest FROM jobs WHERE id = $1", crawl_id)
    status = await house.status(crawl_id)

    await house.hurry()
    await house.work("store")

    assert (row["state"], row["tries"]) == ("scheduled", 0)
    assert row["rest"].total_seconds() == pytest.approx(seconds, abs=2)
    assert (status["pipeline_status"], status["error"]) == ("downloading", None)
    await proven(house, crawl_id)


async def test_ready_and_never_to_be_had_is_a_stall(house: House) -> None:
    crawl_id = await ready(house, f"{THREE_PARTS},fault:not_ready=1")
    await house.work("store")
    house.adjust(stall=0.0)
    await house.hurry()

    await house.work("store")

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("PROVIDER_STALLED", "polling_timeout")


@pytest.mark.parametrize("sim", [THREE_PARTS, "ready_after:0,records:10"])
async def test_while_the_number_of_parts_is_not_known_no_other_part_is_asked_for(house: House, sim: str) -> None:
    crawl_id = await ready(house, f"{sim},fault:parts.conflict=5@2")
    await house.work("store")
    fetched = (await house.job(crawl_id))["cursor"]["parts"]

    await house.hurry()
    await house.work("store")

    assert fetched == 1
    await proven(house, crawl_id)


async def test_who_was_declared_dead_completes_nothing(house: House) -> None:
    crawl_id, context = await ready(house, THREE_PARTS), house.context
    stale = await house.take(crawl_id)
    await house.end_leases()
    await house.work("store")
    before = await house.job(crawl_id)

    with suppress(LeaseLost):
        await store_snapshot(
            stale, database=context.database, lake=context.lake, providers=context.providers, policy=context.policy
        )

    (bought,) = await house.bought()
    assert await house.job(crawl_id) == before
    assert await house.ends(crawl_id) == [("data.ingestion.completed", 1)]
    assert sha256(await house.result(crawl_id)) == bought["sha256"]

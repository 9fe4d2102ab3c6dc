"""A result is stored part by part, whole or not at all, and proven before anybody hears of it."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.embedded.lake import Lake
from schemas.stored_object import StoredObject, StoreUnavailable
from services.crawling import store_snapshot as module
from services.crawling.download_crawl import download_crawl
from services.crawling.store_snapshot import store_snapshot
from services.jobs.settle import LeaseLost
from tests.flow.crawling.rig import TENANT, House, Killed, sha256

THREE_PARTS = "ready_after:0,records:2500"


class Fragile(Lake):
    """A lake whose process dies before or after one of its operations."""

    def __init__(self, root: Path, point: str) -> None:
        super().__init__(root)
        self.when, self.operation, self.name = point.split()

    def _at(self, when: str, operation: str, name: str) -> None:
        if (when, operation) == (self.when, self.operation) and name.endswith(self.name):
            raise Killed

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        self._at("before", "create", name)
        stored = await super().create(name, blocks)
        self._at("after", "create", name)
        return stored

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        self._at("before", "compose", name)
        stored = await super().compose(name, parts)
        self._at("after", "compose", name)
        return stored

    async def delete(self, name: str) -> None:
        self._at("before", "delete", name)
        await super().delete(name)
        self._at("after", "delete", name)


class Blind(Lake):
    """A lake in which somebody else writes between a look and the writing."""

    async def stat(self, name: str) -> StoredObject | None:
        looks = self.__dict__.setdefault("looks", {})
        looks[name] = looks.get(name, 0) + 1
        return None if looks[name] == 1 else await super().stat(name)


class Away(Lake):
    """A lake that takes nothing."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        raise StoreUnavailable("the bucket does not answer")


def file_at(url: str) -> bytes:
    """What other teams read under a published address."""
    return Path(url.removeprefix("file://")).read_bytes()


def folder(house: House) -> Path:
    return house.runtime.settings.data_dir / "lake"


async def ready(house: House, sim: str) -> UUID:
    """A crawl whose snapshot waits to be stored."""
    crawl_id = await house.submitted(sim)
    await house.poll()
    return crawl_id


async def store_and_die(house: House, crawl_id: UUID, point: str) -> None:
    context = house.context
    with pytest.raises(Killed):
        await store_snapshot(
            await house.take(crawl_id),
            database=context.database,
            lake=Fragile(folder(house), point),
            providers=context.providers,
            policy=context.policy,
        )
    await house.end_leases()


async def proven(house: House, crawl_id: UUID) -> dict[str, Any]:
    """The result of a completed crawl, after comparing everything with everything."""
    status = await house.status(crawl_id)
    assert status["pipeline_status"] == "completed", status
    (bought,) = await house.bought()
    body, result = await house.result(crawl_id), status["result"]
    assert sha256(body) == bought["sha256"] == result["sha256"]
    assert len(body) == bought["size_bytes"] == result["size_bytes"]
    assert body.count(b"\n") == result["row_count"]
    (told,) = await house.events(crawl_id, "data.ingestion.completed", "crawl.failed")
    assert told["type"] == "data.ingestion.completed"
    assert {name: told["data"][name] for name in result if name in told["data"] and name != "warehouse"} == {
        name: result[name] for name in result if name in told["data"] and name != "warehouse"
    }
    assert await house.lake_names(crawl_id, status["attempt"]) == ["manifest.json", "records.ndjson.gz"]
    return dict(result)


async def test_a_result_of_three_parts_becomes_one_object_with_a_manifest_beside_it(house: House) -> None:
    crawl_id = await house.stored(THREE_PARTS)

    result = await proven(house, crawl_id)
    status = await house.status(crawl_id)
    manifest, stored = json.loads(file_at(result["manifest"])), file_at(result["gcs_path"])
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
    house.replace(lake=Blind(folder(house)))

    await house.work("store")

    await proven(house, crawl_id)


async def test_a_composed_object_somebody_else_wrote_meanwhile_is_adopted(house: House) -> None:
    crawl_id = await ready(house, THREE_PARTS)
    await store_and_die(house, crawl_id, "after delete parts/00003.ndjson.gz")
    house.replace(lake=Blind(folder(house)))

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
    context = house.context
    await download_crawl(
        crawl_id,
        tenant=TENANT,
        database=context.database,
        providers=context.providers,
        policy=context.policy,
    )
    again = await house.finish(crawl_id)

    assert (failure["code"], failure["stage"]) == ("RESULT_COUNT_MISMATCH", "download")
    assert failure["error"] == f"the provider counted {2500 + difference} records, 2500 came"
    assert (again["pipeline_status"], again["attempt"]) == ("completed", 2)
    assert len(await house.bought()) == 1


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
    house.replace(lake=Away(folder(house)))
    for _ in range(8):
        await house.hurry()
        await house.work("store")

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("STORE_UNAVAILABLE", "storage")


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

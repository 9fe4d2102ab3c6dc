"""Runs of data sources: by hand, by the clock, and once however often they are tried."""

from typing import Any

import pytest

from tests.flow.intake.sources import ORDER, SHOP, Sources

BLOG = "https://blog.example/"
NIGHTLY = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}
LAST = ("last_at", "last_job_id", "last_error")


async def run(sources: Sources, made: Any) -> Any:
    status, said = await sources.ask("POST", f"/{made['id']}/run")
    assert status == 202, said
    return said


async def test_a_run_of_a_website_captures_each_of_its_pages(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP, BLOG], "respect_robots": False})
    job = await run(sources, made)
    await sources.work()
    [done] = await sources.jobs("source_run")
    pages = await sources.jobs("capture")

    assert (job["resource_type"], job["source_id"], str(done["id"])) == ("source", made["id"], job["id"])
    assert (done["state"], done["result"]["submitted"]) == ("completed", 2)
    assert done["result"]["jobs"] == [str(page["id"]) for page in pages]
    assert [page["payload"]["url"] for page in pages] == [SHOP, BLOG]
    assert {page["payload"]["respect_robots"] for page in pages} == {False}
    assert {(page["source_id"], page["metadata"]["run_id"]) for page in pages} == {(made["id"], job["id"])}


async def test_a_run_of_a_crawl_orders_it(sources: Sources) -> None:
    made = await sources.made("crawl", config={**ORDER, "priority": "HIGH", "metadata": {"a": 1}})
    await run(sources, made)
    await sources.work()
    [job] = await sources.jobs("crawl")
    [crawl] = await sources.rows("SELECT * FROM crawls")

    assert (crawl["id"], crawl["dataset_id"], crawl["provider"]) == (job["id"], "gd_1", "bright_data")
    assert (job["source_id"], job["priority"], job["metadata"]) == (made["id"], 1, {"a": 1})
    assert (job["queue"], job["step"]) == ("submit", "submitting")
    assert await sources.status(made) == "PROCESSING"


async def test_a_run_that_no_budget_allows_ends_at_once(sources: Sources) -> None:
    made = await sources.made("crawl", config=ORDER)
    await sources.sql("INSERT INTO budgets (tenant, source_id, crawls_per_day) VALUES ('default', '', 0)")
    await run(sources, made)
    await sources.work()
    [over] = await sources.jobs("source_run")

    assert (over["state"], over["error_code"], over["tries"]) == ("failed", "BUDGET_EXCEEDED", 0)
    assert "PUT /api/v1/budgets" in over["error_recovery"]
    assert not over["error_message"].startswith(("payload", "config"))  # no field of the order is wrong
    assert (await sources.status(made), await sources.jobs("crawl")) == ("FAILED", [])


@pytest.mark.parametrize(
    ("source_type", "config", "kind"), [("website", {"urls": [SHOP]}, "capture"), ("crawl", ORDER, "crawl")]
)
async def test_a_run_that_is_tried_again_submits_nothing_twice(
    sources: Sources, source_type: str, config: dict[str, Any], kind: str
) -> None:
    job = await run(sources, await sources.made(source_type, config=config))
    await sources.work()
    first = await sources.jobs(kind)
    await sources.sql("UPDATE jobs SET state = 'ready', finished_at = NULL WHERE id = $1", job["id"])
    await sources.work()
    again = await sources.jobs(kind)
    await sources.ask("POST", f"/jobs/{job['id']}/restart")
    await sources.work()

    assert [row["id"] for row in again] == [row["id"] for row in first]
    assert len(await sources.jobs(kind)) == 2  # control: another attempt is another run


async def test_a_source_runs_by_its_clock(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]}, schedule=NIGHTLY)
    fired = await sources.fire()
    await sources.work()
    found = await sources.read(f"/{made['id']}")
    [job] = await sources.jobs("source_run")

    next_at = made["schedule"]["next_at"]
    assert made["schedule"] == {**NIGHTLY, "paused": False, "next_at": next_at, **dict.fromkeys(LAST)}
    assert (fired, len(await sources.jobs("capture"))) == (1, 1)
    assert (found["schedule"]["last_job_id"], found["schedule"]["next_at"]) == (str(job["id"]), next_at)
    assert (job["source_id"], str(job["schedule_id"])) == (made["id"], made["id"])


async def test_a_paused_clock_makes_no_runs(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]}, schedule={**NIGHTLY, "paused": True})
    paused = await sources.fire()
    _, going = await sources.ask("PATCH", f"/{made['id']}", {"schedule": NIGHTLY})

    assert (paused, made["schedule"]["next_at"], going["schedule"]["paused"]) == (0, None, False)
    assert await sources.fire() == 1


WRONG = [
    ("website", {"urls": [SHOP]}, {"cron": "never"}, "CRON_REFUSED"),
    ("website", {"urls": [SHOP]}, {"cron": "0 0 30 2 *"}, "CRON_NEVER_FIRES"),
    ("website", {"urls": [SHOP]}, {"cron": "0 3 * * *", "timezone": "Nowhere/Land"}, "TIMEZONE_UNKNOWN"),
    ("website", {"urls": []}, NIGHTLY, "SOURCE_RUNS_NOTHING"),
    ("file_upload", {}, NIGHTLY, "SOURCE_RUNS_NOTHING"),
]


@pytest.mark.parametrize(("source_type", "config", "schedule", "code"), WRONG)
async def test_a_clock_that_would_run_nothing_is_refused(
    sources: Sources, source_type: str, config: Any, schedule: Any, code: str
) -> None:
    body = {"name": "n", "source_type": source_type, "config": config, "schedule": schedule}
    status, said = await sources.ask("POST", "", body)

    assert (status, said["code"]) == (422, code)
    assert len((await sources.read())["items"]) == 1


@pytest.mark.parametrize(("source_type", "config"), [("website", {}), ("file_upload", {})])
async def test_what_runs_nothing_is_not_run(sources: Sources, source_type: str, config: Any) -> None:
    made = await sources.made(source_type, config=config)
    status, said = await sources.ask("POST", f"/{made['id']}/run")

    assert (status, said["code"]) == (422, "SOURCE_RUNS_NOTHING")
    assert await sources.jobs("source_run") == []


@pytest.mark.parametrize(
    ("wrong", "told"), [({"provider": "nobody"}, "config.provider: "), ({"keep_days": 9999.0}, "config.keep_days: ")]
)
async def test_a_refused_run_names_the_field_of_the_sources_config(
    sources: Sources, wrong: dict[str, Any], told: str
) -> None:
    made = await sources.made("crawl", config=ORDER)
    await sources.sql("UPDATE data_sources SET config = config || $2::jsonb WHERE id = $1", made["id"], wrong)
    await run(sources, made)
    await sources.work()
    [job] = await sources.jobs("source_run")

    assert (job["state"], job["error_message"][: len(told)]) == ("failed", told)
    status, said = await sources.ask("POST", "", {"name": "n", "source_type": "crawl", "config": {**ORDER, **wrong}})
    assert (status, said["detail"][: len(told)]) == (422, told)  # as whoever makes such a source is told


async def test_a_clock_that_finds_nothing_to_run_says_what_the_source_lacks(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]}, schedule=NIGHTLY)
    await sources.ask("PATCH", f"/{made['id']}", {"config": {}})

    assert await sources.fire() == 0

    found = await sources.read(f"/{made['id']}")
    assert found["schedule"]["last_error"] == "The config of this website names no URLs"


async def test_a_run_whose_source_is_gone_says_so(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]})
    await run(sources, made)
    await sources.sql("DELETE FROM data_sources WHERE id = $1", made["id"])
    await sources.work()
    [job] = await sources.jobs("source_run")

    assert (job["state"], job["error_code"]) == ("failed", "SOURCE_GONE")
    assert (await sources.ask("POST", f"/{made['id']}/run"))[0] == 404


async def test_a_run_can_be_submitted_as_a_job_like_any_other(sources: Sources) -> None:
    made = await sources.made(config={"urls": [SHOP]})
    body = {"kind": "source_run", "payload": {"source_id": made["id"]}}
    status, job = await sources.at.ask("POST", "/api/background/submit", json=body)
    body["payload"] = {"source_id": "00000000-0000-4000-8000-000000000000"}
    refused, said = await sources.at.ask("POST", "/api/background/submit", json=body)

    assert (status, job["source_id"]) == (202, made["id"])
    assert (refused, said["errors"][0]["field"]) == (422, "payload.source_id")

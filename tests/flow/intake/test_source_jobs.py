"""Jobs of data sources: pages submitted, runs by hand and by the clock, lists, new starts, and what a source is at."""

from pathlib import Path
from typing import Any

import pytest

from tests.flow.intake.sources import ORDER, PATH, SHOP, Sources
from tests.flow.jobs.contract import caller

BLOG = "https://blog.example/"


async def test_a_page_becomes_a_job_that_captures_it(sources: Sources) -> None:
    made = await sources.made(config={"classify": False, "urls": []})
    body = {"url": SHOP, "priority": "HIGH", "metadata": {"wish": 1}}
    async with sources.at.http.post(f"{sources.at.url}{PATH}/{made['id']}/urls", json=body) as answer:
        said = await answer.json()
        place = answer.headers["Location"]
    [row] = await sources.jobs("capture")

    assert (answer.status, place) == (202, f"/api/background/job/{said['job_id']}")
    assert (str(row["id"]), row["queue"], row["state"], row["priority"]) == (said["job_id"], "capture", "ready", 1)
    assert row["payload"] == {"url": SHOP, "classify": False, "respect_robots": True}
    assert (row["source_id"], row["metadata"]) == (made["id"], {"wish": 1})


async def test_a_job_has_the_fields_of_a_processing_job(sources: Sources) -> None:
    made = await sources.made()
    [job] = await sources.submitted(made)
    await sources.sql("UPDATE jobs SET state = 'completed', result = $1", {"result_file_id": "page"})
    await sources.sql("UPDATE jobs SET message = 'Page captured', finished_at = now()")
    [done] = (await sources.read(f"/{made['id']}/jobs"))["items"]

    told = ("source_id", "resource_type", "resource", "status", "progress_message", "result_file_id")
    assert [job[name] for name in told] == [made["id"], "url", SHOP, "queued", None, None]
    assert [done[name] for name in told] == [made["id"], "url", SHOP, "completed", "Page captured", "page"]


async def test_many_pages_come_in_together_or_not_at_all(database_dsn: str, tmp_path: Path) -> None:
    async with caller(database_dsn, tmp_path, max_queue_size=3) as at:
        sources = Sources(at)
        made = await sources.made()
        jobs = await sources.submitted(made, SHOP, BLOG)
        status, said = await sources.ask("POST", f"/{made['id']}/urls", {"urls": [f"{SHOP}1", f"{SHOP}2"]})

        assert [job["resource"] for job in jobs] == [SHOP, BLOG]
        assert (status, said["code"]) == (429, "QUEUE_FULL")
        assert len(await sources.jobs("capture")) == 2
        await sources.submitted(made, f"{SHOP}1")  # control: one fits
        assert at.surprises == []


@pytest.mark.parametrize(
    "body",
    [{}, {"url": SHOP, "urls": [BLOG]}, {"url": "file:///etc/passwd"}, {"urls": []}, {"urls": [SHOP, SHOP]}],
)
async def test_pages_that_are_none_are_refused(sources: Sources, body: dict[str, Any]) -> None:
    made = await sources.made()

    assert (await sources.ask("POST", f"/{made['id']}/urls", body))[0] == 422
    assert await sources.jobs("capture") == []


async def test_only_websites_take_pages(sources: Sources) -> None:
    for made in (
        await sources.made("crawl", config=ORDER),
        (await sources.read("?source_type=file_upload"))["items"][0],
    ):
        status, said = await sources.ask("POST", f"/{made['id']}/urls", {"url": SHOP})
        assert (status, said["code"]) == (409, "SOURCE_TAKES_NO_URLS")


async def test_a_list_has_the_jobs_of_its_source_by_their_status(sources: Sources) -> None:
    shop, blog = await sources.made(), await sources.made(name="Blog")
    jobs = [*await sources.submitted(shop, SHOP, f"{SHOP}2", f"{SHOP}3")]
    await sources.submitted(blog, BLOG)
    await sources.sql("UPDATE jobs SET state = 'failed', finished_at = now() WHERE id = $1", jobs[0]["id"])
    await sources.sql("UPDATE jobs SET state = 'running', started_at = now() WHERE id = $1", jobs[1]["id"])

    async def listed(query: str = "") -> list[str]:
        return [one["id"] for one in (await sources.read(f"/{shop['id']}/jobs{query}"))["items"]]

    ids = [job["id"] for job in jobs]
    assert await listed() == sorted(ids, reverse=True)  # of one submission, thus of one moment
    assert await listed("?status=failed") == [ids[0]]
    assert await listed("?status=processing") == await listed("?status=running") == [ids[1]]
    assert await listed("?status=queued") == [ids[2]]
    page = await sources.read(f"/{shop['id']}/jobs?page_size=2")
    rest = await sources.read(f"/{shop['id']}/jobs?page_size=2&page_token={page['next_page_token']}")
    assert [one["id"] for one in page["items"] + rest["items"]] == await listed()
    assert (await sources.ask("GET", f"/{shop['id']}/jobs?status=odd"))[0] == 422


async def test_a_failed_job_starts_anew(sources: Sources) -> None:
    [job] = await sources.submitted(await sources.made())
    await sources.sql("UPDATE jobs SET state = 'failed', finished_at = now(), error_code = 'X', error_message = 'x'")
    status, said = await sources.ask("POST", f"/jobs/{job['id']}/restart")
    [row] = await sources.jobs("capture")

    assert (status, said["id"], said["status"], said["attempt"]) == (202, job["id"], "queued", 2)
    assert (row["state"], row["queue"]) == ("ready", "capture")


async def test_a_job_of_no_source_is_not_started_anew_here(sources: Sources) -> None:
    _, job = await sources.at.ask("POST", "/api/background/submit", json={"kind": "drill"})

    assert (await sources.ask("POST", f"/jobs/{job['job_id']}/restart"))[0] == 404


WORDS = [
    ("IDLE", "completed"),
    ("IDLE", "cancelled"),
    ("FAILED", "failed"),
    ("PAUSED", "paused"),
    ("PROCESSING", "ready"),
    ("PROCESSING", "running"),
    ("PROCESSING", "waiting"),
]


@pytest.mark.parametrize(("word", "state"), WORDS)
async def test_a_source_is_at_what_its_jobs_are_at(sources: Sources, word: str, state: str) -> None:
    made = await sources.made()
    before = made["status"]
    [job] = await sources.submitted(made)
    over = "now()" if state in {"completed", "cancelled", "failed"} else "NULL"
    await sources.sql(f"UPDATE jobs SET state = $1, finished_at = {over}", state)

    assert (before, await sources.status(made)) == ("IDLE", word)
    await sources.sql("UPDATE jobs SET tenant = 'other' WHERE id = $1", job["id"])
    assert await sources.status(made) == "IDLE"  # control: others' jobs say nothing


async def test_what_ended_last_decides_and_what_is_put_off_does_not(sources: Sources) -> None:
    made = await sources.made()
    old, new, later = await sources.submitted(made, SHOP, BLOG, f"{SHOP}2")
    ended = "UPDATE jobs SET state = $2, finished_at = now() - $3 * interval '1 s' WHERE id = $1"
    await sources.sql(ended, old["id"], "failed", 60)
    await sources.sql(ended, new["id"], "completed", 30)
    await sources.sql("UPDATE jobs SET state = 'scheduled', due_at = now() + interval '1 d' WHERE id = $1", later["id"])
    idle = await sources.status(made)
    await sources.sql("UPDATE jobs SET tries = 1 WHERE id = $1", later["id"])

    assert (idle, await sources.status(made)) == ("IDLE", "PROCESSING")

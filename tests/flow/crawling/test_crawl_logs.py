"""What the log says of a crawl names it, and the job that is about it."""

from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.flow.crawling.loads import fail_load
from tests.flow.crawling.rig import House


def failures(lines: list[Any]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "job failed"]


async def test_what_the_engine_says_while_a_crawl_is_worked_names_the_crawl(house: House) -> None:
    with capture_logs([merge_contextvars]) as lines:
        crawl_id = await house.submitted("fault:trigger.401")

    assert [(line["job_id"], line["crawl_id"]) for line in failures(lines)] == [(str(crawl_id), str(crawl_id))]


async def test_a_load_that_fails_is_found_by_its_crawl(house: House) -> None:
    crawl_id = await house.stored()
    with capture_logs([merge_contextvars]) as lines:
        await fail_load(house)

    [failed] = failures(lines)
    assert failed["crawl_id"] == str(crawl_id) != failed["job_id"]

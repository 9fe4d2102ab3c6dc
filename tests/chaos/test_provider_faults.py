"""A provider that lies, cuts, stalls and refuses: every crawl ends as promised, and says what helps."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.chaos.black_box import Headrace, Provider, page
from tests.chaos.evidence import TERMINAL, events
from tests.chaos.program import until

IMPATIENT = {
    "BACKGROUND_POLL_INTERVAL": 0.2,
    "BACKGROUND_MAX_POLLS": 15,
    "BACKGROUND_DOWNLOAD_TIMEOUT": 1.5,
    "HEADRACE_STALL_SECONDS": 6,
    "HEADRACE_LEASE_SECONDS": 3,
    "HEADRACE_RETRY_BASE_SECONDS": 0.1,
    "HEADRACE_RETRY_CAP_SECONDS": 1,
}
TRIES = 8

HEALED = {
    "nothing is wrong": "records:20",
    "gzip cut twice": "fault:gzip_cut@2",
    "gzip without its trailer once": "fault:gzip_trailer@1",
    "bad checksum twice": "fault:gzip_crc@2",
    "many gzip members": "records:3000,fault:gzip_members",
    "gzip labelled as plain": "fault:gzip_plain",
    "plain labelled as gzip": "fault:plain_gzip",
    "closed in the middle twice": "fault:close_cut@2",
    "chunks without an end": "fault:chunk_cut@1",
    "reset in the middle": "fault:reset_body@1",
    "more bytes promised than sent": "fault:length_long=100@1",
    "one answer too slow": "fault:drip=50@1",
    "ready, then not ready": "fault:not_ready=1@2",
    "ready, then still building": "fault:building=1@1",
    "ready, then a conflict": "fault:conflict=1@1",
    "an unknown status word": "ready_after:1,status:churning",
    "a login page for a status": "fault:progress.html@2",
    "half a status": "fault:progress.garbage@1",
    "a status that redirects": "fault:progress.redirect@1",
    "an error and a reset before the status": "fault:progress.500@1,fault:progress.reset@1",
    "unknown right after the order": "hidden_for:1",
    "an answer to the order that never came": "fault:trigger.drop@1",
    "error records among the results": "records:30,errors:2",
}


DOWNLOADS = {
    "nothing is wrong": 1,
    "gzip cut twice": 3,
    "gzip without its trailer once": 2,
    "bad checksum twice": 3,
    "closed in the middle twice": 3,
    "chunks without an end": 2,
    "reset in the middle": 2,
    "more bytes promised than sent": 2,
    "one answer too slow": 2,
    "ready, then not ready": 3,
}
"""How often a result is asked for until it is whole: proof that the fault struck."""


@dataclass(frozen=True)
class Failed:
    """How a crawl has to fail; ``said`` is part of the sentence for a person, ``recovery`` begins the way out."""

    sim: str
    code: str
    stage: str
    recovery: str
    said: str = ""
    downloads: int | None = None


FAILED = {
    "gzip cut for ever": Failed(
        "fault:gzip_cut", "RESULT_TRUNCATED", "download", "Download the crawl later", "inside a member", TRIES
    ),
    "a short body for ever": Failed(
        "fault:cut=0.7", "RESULT_TRUNCATED", "download", "Download the crawl later", "inside a member", TRIES
    ),
    "closed in the middle for ever": Failed(
        "fault:close_cut", "RESULT_TRUNCATED", "download", "Download the crawl later", "", TRIES
    ),
    "half a JSON object": Failed("fault:snapshot.garbage", "RESULT_TRUNCATED", "download", "Download the crawl later"),
    "bad checksum for ever": Failed(
        "fault:gzip_crc", "RESULT_CORRUPT", "download", "Download the crawl again", "damaged", 3
    ),
    "gzip inside gzip": Failed(
        "fault:gzip_double", "RESULT_CORRUPT", "download", "Download the crawl again", "compressed twice", 3
    ),
    "a login page for a result": Failed(
        "fault:snapshot.html", "RESULT_NOT_DATA", "download", "Check that the provider's URL", "doctype", 1
    ),
    "a bomb": Failed("fault:bomb=64", "RESULT_BOMB", "download", "Look at the snapshot", "unpacked", 1),
    "too slow for ever": Failed(
        "records:2000,fault:drip=50",
        "PROVIDER_UNAVAILABLE",
        "download",
        "Check the provider's status",
        "took longer",
        TRIES,
    ),
    "running for ever": Failed(
        "ready_after:never", "DEADLINE_EXCEEDED", "polling_timeout", "Check the provider's dashboard", "15 polls", 0
    ),
    "ready, but never to be had": Failed(
        "fault:not_ready=1", "PROVIDER_STALLED", "polling_timeout", "Check the provider's dashboard", "ready, but not"
    ),
    "failed with a message": Failed(
        "failed:no%20such%20page", "PROVIDER_JOB_FAILED", "provider", "Read the provider's message", "no such page", 0
    ),
    "an expired snapshot": Failed(
        "fault:snapshot.expired", "RESULT_EXPIRED", "download", "Use retry-background", "is expired", 1
    ),
    "gone while it was polled": Failed("fault:progress.410", "RESULT_EXPIRED", "download", "Use retry-background"),
    "a record too few": Failed(
        "records:20,count:1", "RESULT_COUNT_MISMATCH", "download", "Use download", "counted 21 records, 20 came"
    ),
    "a record too many": Failed(
        "records:20,count:-1", "RESULT_COUNT_MISMATCH", "download", "Use download", "counted 19 records, 20 came"
    ),
    "200 and nothing": Failed("fault:snapshot.empty_body", "RESULT_COUNT_MISMATCH", "download", "Use download"),
    "too many bad lines": Failed(
        "records:1000,bad_lines:30", "ROW_REJECT_LIMIT", "download", "Read the rejected lines", "rows are bad", 1
    ),
    "an order the provider refuses": Failed(
        "fault:trigger.404", "PROVIDER_REJECTED", "trigger", "The inputs of this crawl cannot be changed", "", 0
    ),
}
OTHERS = {
    "an empty snapshot": "records:0,fault:snapshot.empty",
    "empty says the status": "records:0,fault:progress.empty",
    "a few bad lines": "records:1000,bad_lines:5",
}


@dataclass(frozen=True)
class End:
    """What became of one crawl: its status, its last event, and what the provider's ledger says."""

    status: Mapping[str, Any]
    event: Mapping[str, Any]
    sold: Mapping[str, Any]


async def _observe(folder: Path) -> dict[str, End]:
    provider, names = Provider(folder), {**HEALED, **OTHERS, **{name: one.sim for name, one in FAILED.items()}}
    headrace = Headrace(folder, provider=provider.url, settings=IMPATIENT)
    async with aiohttp.ClientSession() as http:
        try:
            await provider.start(http)
            await headrace.start(http)
            orders = [headrace.order(http, page("mill", f"ready_after:0.1,{sim}")) for sim in names.values()]
            crawls = dict(zip(names, await asyncio.gather(*orders), strict=True))
            return await _ends(http, headrace, provider, crawls)
        finally:
            headrace.kill()
            headrace.kill_postgres()
            provider.kill()


async def _ends(
    http: aiohttp.ClientSession, headrace: Headrace, provider: Provider, crawls: Mapping[str, str]
) -> dict[str, End]:
    async def told() -> list[dict[str, Any]]:
        found = [event for event in await events(http, headrace) if event["type"] in TERMINAL.values()]
        return found if {event["subject"] for event in found} == set(crawls.values()) else []

    found = await until("every crawl has ended", told, seconds=120, every=0.2)
    assert len(found) == len(crawls), "an attempt ends once"
    ends = {event["subject"]: event for event in found}
    sold = {one["correlation"]: one for one in (await provider.ledger(http))["snapshots"]}
    return {name: End(await headrace.status(http, one), ends[one], sold.get(one, {})) for name, one in crawls.items()}


@pytest.fixture(scope="module")
def ends() -> dict[str, End]:
    """All faults at once, each suffered by a crawl of its own in one system."""
    with tempfile.TemporaryDirectory(prefix="headrace-chaos-") as made:
        Path(made).chmod(0o755)
        return asyncio.run(_observe(Path(made)))


@pytest.mark.parametrize("name", HEALED)
def test_what_heals_ends_in_the_provider_s_bytes(name: str, ends: Mapping[str, End]) -> None:
    end = ends[name]
    assert end.event["type"] == "data.ingestion.completed", end.event
    assert end.event["data"]["sha256"] == end.sold["sha256"] == end.status["result"]["sha256"]
    assert end.event["data"]["row_count"] == end.sold["records"] + end.sold["errors"]
    assert end.event["data"]["post_count"] == end.sold["records"]
    assert end.event["data"]["completeness"] == "complete"
    assert end.sold["calls"]["trigger"] == 1
    assert end.sold["calls"]["snapshot"] == DOWNLOADS.get(name, end.sold["calls"]["snapshot"])


@pytest.mark.parametrize("name", FAILED)
def test_what_does_not_heal_ends_with_a_code_a_stage_and_a_way_out(name: str, ends: Mapping[str, End]) -> None:
    end, expected = ends[name], FAILED[name]
    data = end.event["data"]
    assert end.event["type"] == "crawl.failed", end.event
    assert (data["code"], data["stage"], data["attempt"]) == (expected.code, expected.stage, 1)
    assert data["recovery"].startswith(expected.recovery)
    assert expected.said in data["error"]
    assert 0 < len(data["error"]) <= 500
    told = {"code": data["code"], "stage": data["stage"], "message": data["error"], "recovery": data["recovery"]}
    assert end.status["error"] == told
    if expected.downloads is not None and end.sold:
        assert end.sold["calls"]["snapshot"] == expected.downloads


@pytest.mark.parametrize("name", ["an empty snapshot", "empty says the status"])
def test_an_empty_snapshot_is_a_success_without_rows(name: str, ends: Mapping[str, End]) -> None:
    data = ends[name].event["data"]
    assert ends[name].event["type"] == "data.ingestion.completed", data
    assert (data["row_count"], data["size_bytes"], data["completeness"]) == (0, 0, "complete")


def test_a_few_bad_lines_are_set_aside_and_told(ends: Mapping[str, End]) -> None:
    data = ends["a few bad lines"].event["data"]
    assert (data["row_count"], data["rejected_count"], data["completeness"]) == (995, 5, "partial")
    assert any("5 lines were rejected" in warning for warning in data["warnings"])

"""The judge of the sieges has teeth: evidence that was doctored, or comes from a broken system, is not let through."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.chaos.black_box import Headrace, Provider, page
from tests.chaos.evidence import Bytes, Evidence, Rows, Told, gather, violations
from tests.chaos.siege import SWIFT
from tests.chaos.spoiled import spoiled

DONE = {"crawl_id": "a", "attempt": 1, "pipeline_status": "completed", "result": {"sha256": "5ec", "row_count": 3}}
DEAD = {"crawl_id": "b", "attempt": 1, "pipeline_status": "failed", "result": None}
SOLD = {"correlation": "a", "sha256": "5ec", "records": 2, "errors": 1}
GOOD = Evidence(
    accepted={"first": "a", "second": "b"},
    crawls=[DONE, DEAD],
    told=[
        Told("1", "crawl.triggered", "a", 1),
        Told("2", "data.ingestion.completed", "a", 1),
        Told("2", "data.ingestion.completed", "a", 1),
        Told("3", "crawl.failed", "b", 1),
    ],
    bought=[SOLD, {"correlation": "b", "sha256": "bad", "records": 1, "errors": 0}],
    read={"a": Bytes("5ec", 3)},
    rows={"a": Rows(3, 3)},
    objects=["crawls/default/a/1/records.ndjson.gz", "crawls/default/a/1/manifest.json"],
    outbox=0,
    unfinished_jobs=0,
)


def test_a_kept_promise_is_no_violation_and_an_event_may_be_told_twice() -> None:
    assert violations(GOOD) == []


@pytest.mark.parametrize(
    ("doctored", "expected"),
    [
        pytest.param({"crawls": [DONE], "bought": [SOLD], "told": GOOD.told[:3]}, "accepted and lost: b", id="lost"),
        pytest.param({"accepted": {"first": "a"}}, "nobody ordered b", id="unexpected"),
        pytest.param({"accepted": {**GOOD.accepted, "third": "a"}}, "two orders got one crawl: a", id="shared"),
        pytest.param({"crawls": [DONE, DONE, DEAD]}, "listed twice: a", id="doubled"),
        pytest.param({"crawls": [DONE, {**DEAD, "pipeline_status": "downloading"}]}, "has not ended", id="stuck"),
        pytest.param({"told": GOOD.told[:3]}, "b is failed, told as []", id="untold"),
        pytest.param({"told": [*GOOD.told, Told("4", "crawl.failed", "b", 1)]}, "b is failed, told as", id="twice"),
        pytest.param({"told": [*GOOD.told, Told("4", "crawl.failed", "a", 1)]}, "a is completed, told", id="both"),
        pytest.param({"told": [*GOOD.told, Told("4", "crawl.failed", "b", 2)]}, "an attempt nobody", id="attempt"),
        pytest.param({"bought": [*GOOD.bought, SOLD]}, "a was bought 2 times", id="paid twice"),
        pytest.param({"bought": GOOD.bought[:1]}, "b was bought 0 times", id="not bought"),
        pytest.param({"bought": [*GOOD.bought, {**SOLD, "correlation": "c"}]}, "bought for nobody: c", id="stray"),
        pytest.param({"read": {"a": Bytes("0dd", 3)}}, "a has other bytes than the provider", id="other bytes"),
        pytest.param({"read": {"a": Bytes("5ec", 2)}}, "a has 2 lines", id="line lost"),
        pytest.param({"rows": {"a": Rows(6, 3)}}, "in the warehouse instead of 3", id="rows doubled"),
        pytest.param({"rows": {}}, "in the warehouse instead of 3", id="rows missing"),
        pytest.param({"objects": ["crawls/default/a/1/parts/00001.ndjson.gz"]}, "left in the lake", id="part left"),
        pytest.param({"outbox": 1}, "1 events were never published", id="outbox"),
        pytest.param({"unfinished_jobs": 1}, "1 jobs are not finished", id="jobs"),
    ],
)
def test_doctored_evidence_is_seen_through(doctored: dict[str, Any], expected: str) -> None:
    found = violations(replace(GOOD, **doctored))
    assert any(expected in sentence for sentence in found), found


DIES_ONCE = (
    "if any(e.type == 'data.ingestion.completed' for e in tx.events) and not __import__('os').path.exists({flag!r}):"
    " open({flag!r}, 'w').close(); __import__('os').kill(__import__('os').getpid(), 9)"
)
STORES = "            if tx.events:\n                await outbox.store(connection, tx.events)\n"
STORES_LATER = """            pass
        {dies}
        if tx.events:
            async with self.pool.acquire() as connection:
                await outbox.store(connection, tx.events)
"""
MUTATIONS = {
    "nothing but the kill": ("infra/postgres/database.py", STORES, "            {dies}\n" + STORES),
    "events after the commit": ("infra/postgres/database.py", STORES, STORES_LATER),
    "no intent before an order": (
        "services/crawling/store/crawls.py",
        "SET submitted_at = clock_timestamp()",
        "SET submitted_at = NULL",
    ),
}


def mutated(folder: Path, name: str) -> Path:
    """The sources with one thing changed."""
    place, old, new = MUTATIONS[name]
    return spoiled(folder, place, old, new.format(dies=DIES_ONCE.format(flag=str(folder / "died"))))


@pytest.mark.parametrize(
    ("mutation", "sim", "expected"),
    [
        pytest.param("nothing but the kill", "records:5", "", id="killed between state and event"),
        pytest.param("events after the commit", "records:5", "is completed, told as []", id="no outbox"),
        pytest.param("no intent before an order", "fault:trigger.drop@1", "bought 2 times", id="no intent"),
    ],
)
async def test_a_system_that_breaks_a_promise_is_caught(
    mutation: str,
    sim: str,
    expected: str,
    *,
    folder: Path,
    http: aiohttp.ClientSession,
    provider: Provider,
    headrace: Callable[..., Headrace],
) -> None:
    system = headrace(provider=provider.url, tree=mutated(folder, mutation), settings=SWIFT)
    await system.start(http)
    accepted = {"only": await system.order(http, page("mill", f"ready_after:0.2,{sim}"))}
    if "{dies}" in MUTATIONS[mutation][2]:
        assert await system.ended(seconds=30) == -signal.SIGKILL
        await system.start(http)

    found = violations(await gather(http, headrace=system, provider=provider, accepted=accepted))

    assert any(expected in sentence for sentence in found) if expected else found == []

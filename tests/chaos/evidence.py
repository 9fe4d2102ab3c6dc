"""What is left when all is quiet, and what of it breaks a promise."""

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import aiohttp

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.postgres import server
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from tests.chaos.black_box import Headrace, Provider
from tests.chaos.program import until

TERMINAL = {"completed": "data.ingestion.completed", "failed": "crawl.failed", "cancelled": "crawl.failed"}
_BUSY = """SELECT (SELECT count(*) FROM outbox) AS outbox,
  (SELECT count(*) FROM jobs WHERE state IN ('ready', 'scheduled', 'running')) AS jobs"""


class Told(NamedTuple):
    """One entry of the event log."""

    id: str
    type: str
    crawl_id: str
    attempt: int


class Bytes(NamedTuple):
    """A stored result, as it was read back."""

    sha256: str
    lines: int


class Rows(NamedTuple):
    """A crawl's rows in the warehouse."""

    all: int
    different: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``accepted`` is Idempotency-Key → crawl id as answered; ``crawls`` are statuses, ``bought`` the ledger's."""

    accepted: Mapping[str, str]
    crawls: Sequence[Mapping[str, Any]]
    told: Sequence[Told]
    bought: Sequence[Mapping[str, Any]]
    read: Mapping[str, Bytes]
    rows: Mapping[str, Rows]
    objects: Sequence[str]
    outbox: int
    unfinished_jobs: int


def violations(seen: Evidence) -> list[str]:
    """Every broken promise, as a sentence."""
    return [*_lost(seen), *_ends(seen), *_purchases(seen), *_results(seen), *_leftovers(seen)]


def _lost(seen: Evidence) -> Iterator[str]:
    there = Counter(crawl["crawl_id"] for crawl in seen.crawls)
    accepted = Counter(seen.accepted.values())
    yield from (f"accepted and lost: {one}" for one in accepted if one not in there)
    yield from (f"nobody ordered {one}" for one in there if one not in accepted)
    yield from (f"two orders got one crawl: {one}" for one, times in accepted.items() if times > 1)
    yield from (f"listed twice: {one}" for one, times in there.items() if times > 1)


def _ends(seen: Evidence) -> Iterator[str]:
    ends: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for told in seen.told:
        if told.type in TERMINAL.values():
            ends[told.crawl_id, told.attempt].add((told.id, told.type))
    for crawl in seen.crawls:
        where, attempt = crawl["pipeline_status"], crawl["attempt"]
        if where not in TERMINAL:
            yield f"{crawl['crawl_id']} has not ended, it is {where}"
            continue
        found = ends.pop((crawl["crawl_id"], attempt), set())
        if {kind for _, kind in found} != {TERMINAL[where]} or len(found) != 1:
            yield f"{crawl['crawl_id']} is {where}, told as {sorted(found)}"
    yield from (f"told of the end of an attempt nobody knows: {one}" for one in ends)


def _purchases(seen: Evidence) -> Iterator[str]:
    bought = Counter(one["correlation"] for one in seen.bought)
    for crawl in seen.crawls:
        if (times := bought.pop(crawl["crawl_id"], 0)) != 1:
            yield f"{crawl['crawl_id']} was bought {times} times"
    yield from (f"bought for nobody: {one}" for one in bought)


def _results(seen: Evidence) -> Iterator[str]:
    bought = {one["correlation"]: one for one in seen.bought}
    for crawl in seen.crawls:
        if crawl["pipeline_status"] != "completed":
            continue
        one, result = crawl["crawl_id"], crawl["result"]
        promised = bought.get(one, {"sha256": None, "records": 0, "errors": 0})
        lines = promised["records"] + promised["errors"]
        hashes = {promised["sha256"], result["sha256"], seen.read[one].sha256}
        if len(hashes) != 1:
            yield f"{one} has other bytes than the provider"
        if {lines, result["row_count"], seen.read[one].lines} != {lines}:
            yield f"{one} has {seen.read[one].lines} lines, says {result['row_count']}, the provider sold {lines}"
        if seen.rows.get(one, Rows(0, 0)) != Rows(lines, lines):
            yield f"{one} has {seen.rows.get(one)} in the warehouse instead of {lines} rows once each"


def _leftovers(seen: Evidence) -> Iterator[str]:
    yield from (f"left in the lake: {name}" for name in seen.objects if "/parts/" in name)
    if seen.outbox:
        yield f"{seen.outbox} events were never published"
    if seen.unfinished_jobs:
        yield f"{seen.unfinished_jobs} jobs are not finished"


async def gather(
    http: aiohttp.ClientSession, *, headrace: Headrace, provider: Provider, accepted: Mapping[str, str]
) -> Evidence:
    """Wait until a running system is quiet, and look into all of it."""
    async with looking_into(headrace) as database:
        await _quiet(http, headrace, database)
        crawls = await headrace.crawls(http)
        done = [crawl["crawl_id"] for crawl in crawls if crawl["pipeline_status"] == "completed"]
        lake = Lake(headrace.data / "lake")
        busy = await _busy(database)
        return Evidence(
            accepted=accepted,
            crawls=crawls,
            told=[_told(event) for event in await events(http, headrace)],
            bought=(await provider.ledger(http))["snapshots"],
            read={one: await _read(http, headrace, one) for one in done},
            rows=await _rows(headrace, lake),
            objects=[name async for name in lake.list("")],
            outbox=busy["outbox"],
            unfinished_jobs=busy["jobs"],
        )


@asynccontextmanager
async def looking_into(headrace: Headrace) -> AsyncIterator[Database]:
    """The database of a system, whether that runs or not."""
    embedded = await server.start(headrace.data)
    database = await Database.connect(embedded.dsn, size=2)
    try:
        yield database
    finally:
        await database.close()
        await embedded.leave()


async def _quiet(http: aiohttp.ClientSession, headrace: Headrace, database: Database) -> None:
    async def ended() -> bool:
        return not await headrace.crawls(http, status="active")

    async def idle() -> bool:
        return not any((await _busy(database)).values())

    await until("every crawl has ended", ended, seconds=180, every=0.2)
    await until("nothing is left to do", idle, seconds=60, every=0.2)


async def _busy(database: Database) -> dict[str, int]:
    async with database.reading() as tx:
        return dict(await tx.fetchrow(_BUSY))


async def events(http: aiohttp.ClientSession, headrace: Headrace) -> list[dict[str, Any]]:
    """Every published event, as other teams read them."""
    found: list[dict[str, Any]] = []
    place: dict[str, str] = {}
    while True:
        async with http.get(f"{headrace.url}/api/v1/events", params={"limit": "1000", **place}) as answer:
            assert answer.status == 200, await answer.text()
            body = await answer.json()
        if not body["items"]:
            return found
        found += body["items"]
        place = {"after": body["next_page_token"]}


def _told(event: Mapping[str, Any]) -> Told:
    return Told(event["id"], event["type"], event["subject"], event["data"]["attempt"])


async def _read(http: aiohttp.ClientSession, headrace: Headrace, crawl_id: str) -> Bytes:
    digest, lines = hashlib.sha256(), 0
    async with http.get(f"{headrace.url}/api/v1/crawl/{crawl_id}/result") as answer:
        assert answer.status == 200, await answer.text()
        async for block in answer.content.iter_chunked(1 << 20):
            lines += block.count(b"\n")
            await asyncio.to_thread(digest.update, block)
    return Bytes(digest.hexdigest(), lines)


async def _rows(headrace: Headrace, lake: Lake) -> dict[str, Rows]:
    tables = cast("Mapping[str, Sequence[Mapping[str, str]]]", warehouse_tables())
    warehouse = Warehouse(headrace.data / "warehouse", lake, tables)
    found = await warehouse.query(
        'SELECT crawl_id, count(*) AS "all", count(DISTINCT row_no) AS different FROM records GROUP BY crawl_id'
    )
    return {row["crawl_id"]: Rows(row["all"], row["different"]) for row in found}

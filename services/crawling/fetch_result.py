"""Stream what a crawl stored, record by record as the provider sent it."""

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.phase import CrawlNotFound, phase
from services.crawling.ports import Lake
from services.crawling.result.gunzip import Gunzip
from services.crawling.store import views


class NoResult(Problem):
    """The crawl has no result yet, or ended without one."""

    code: ClassVar[str] = "NO_RESULT"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The crawl has no result"
    recovery: ClassVar[str] = "Ask for the status: it says what the crawl waits for, or why it failed."


async def fetch_result(crawl_id: UUID, *, tenant: str, database: Database, lake: Lake) -> AsyncIterator[bytes]:
    """The stored NDJSON of the last proven attempt, in blocks.

    Raises ``CrawlNotFound``, ``NoResult``, ``ObjectMissing`` before the first one.
    """
    async with database.reading() as tx:
        row = await views.one(tx, crawl_id, tenant=tenant)
    if row is None:
        raise CrawlNotFound
    if row["proven"] is None:
        raise NoResult(f"The crawl is {phase(row)}")
    packed = lake.read(row["proven"]["object_name"])
    # the first block is read here: once an answer has begun, it cannot say any more that there is nothing
    return _plain(await anext(packed, b""), packed)


async def _plain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gunzip, block = Gunzip(), first
    while block:
        for plain in await asyncio.to_thread(lambda some: list(gunzip.feed(some)), block):
            yield plain
        block = await anext(rest, b"")
    for plain in gunzip.finish():
        yield plain

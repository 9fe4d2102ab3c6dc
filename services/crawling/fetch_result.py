"""Stream what a crawl stored, record by record as the provider sent it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from infra.postgres.database import Database
from services.crawling.ports import Lake
from services.crawling.proven_object import proven_object
from services.crawling.result.gunzip import Gunzip
from services.jobs.history.archive import Warehouse


async def fetch_result(
    crawl_id: UUID, *, tenant: str, database: Database, lake: Lake, history: Warehouse
) -> AsyncIterator[bytes]:
    """The stored NDJSON of the last proven attempt, in blocks.

    Raises ``CrawlNotFound``, ``NoResult``, ``ObjectMissing`` and what the warehouse raises before the first one.
    """
    packed = lake.read(await proven_object(crawl_id, tenant=tenant, database=database, history=history))
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

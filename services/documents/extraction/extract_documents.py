"""Make a document of each record of a stored result."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from uuid import uuid5

from infra.runtime.lake import Lake
from infra.runtime.stored_lines import stored_lines
from services.documents.extraction.record import Extracted, extracted
from services.documents.ports import Model
from services.documents.run import EXTRACTED, EXTRACTING, Run
from services.documents.store import documents, resources
from services.documents.store.documents import NewDocument

BATCH = 200  # lines whose documents are stored together
REMOVED_AT_ONCE = 1_000


async def extract_documents(run: Run, *, lake: Lake, model: Model, now: datetime) -> bool:
    """Store them in the place of what an earlier attempt left; False where the rest belongs to another claim.

    Done again after an interruption it goes on behind what is stored. Raises ``Superseded``, ``LeaseLost``,
    ``ObjectMissing``, ``StoreUnavailable``.
    """
    cursor = run.job.cursor or {}
    if cursor.get("extracted"):
        return True
    done = cursor["lines"] if "lines" in cursor else await _begun(run, model=model, now=now)
    async with aclosing(_batches(lake, run.object_name)) as batches:
        async for first, lines in batches:
            if (last := first + len(lines) - 1) <= done:
                continue
            found = await asyncio.to_thread(extracted, lines, first=first)
            progress = EXTRACTED * min(1.0, last / max(1, run.rows))
            async with run.writing(progress=progress, step=EXTRACTING, cursor={"lines": last}) as tx:
                await documents.add(tx, run.origin, [_new(one, run) for one in found], now=now)
            if run.late:
                return False
    async with run.writing(progress=EXTRACTED, step=EXTRACTING, cursor={"extracted": True}):
        return True


async def _begun(run: Run, *, model: Model, now: datetime) -> int:
    """No line is done: what is there of the crawl is of another attempt, and goes."""
    removed, origin = REMOVED_AT_ONCE, run.origin
    while removed == REMOVED_AT_ONCE:
        async with run.writing(progress=0.0, step=EXTRACTING, cursor={}) as tx:
            removed = await documents.remove(tx, origin.crawl_id, tenant=origin.tenant, limit=REMOVED_AT_ONCE)
    async with run.writing(progress=0.0, step=EXTRACTING, cursor={"lines": 0}) as tx:
        attempt, tenant = run.job.attempt, origin.tenant
        await resources.begin(tx, run.job.id, attempt=attempt, tenant=tenant, model=model.name, warnings=[], now=now)
    return 0


async def _batches(lake: Lake, name: str) -> AsyncGenerator[tuple[int, list[bytes]], None]:
    """The lines of an object, some at a time, with the number of the first of them."""
    first = 1
    async with aclosing(stored_lines(lake, name)) as found:
        async for block in found:
            lines = block.split(b"\n")[:-1]
            for start in range(0, len(lines), BATCH):
                yield first + start, lines[start : start + BATCH]
            first += len(lines)


def _new(one: Extracted, run: Run) -> NewDocument:
    return NewDocument(
        id=uuid5(run.job.id, str(one.ordinal)), ordinal=one.ordinal, url=one.url, title=one.title, text=one.text
    )

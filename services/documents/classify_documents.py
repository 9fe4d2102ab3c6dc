"""Find out what extracted documents are about, and keep it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.documents.findings import findings, resource_row
from services.documents.judgement import Judged
from services.documents.models.resting import REST_SECONDS
from services.documents.ontology.concept import Concept
from services.documents.page import MAX_TEXT, Page
from services.documents.ports import InvalidOutput, Model, ModelResting, ModelUnavailable
from services.documents.run import CLASSIFYING, EXTRACTED, Run
from services.documents.store import concepts as ontology
from services.documents.store import documents, resources
from services.documents.store.documents import Settled

AT_ONCE = 16  # documents that are classified, and kept, together
NEARLY = 99.0  # of 100: progress where all are classified
_FAILURES = frozenset({ModelUnavailable.code, InvalidOutput.code})

Findings = tuple[list[Judged], list[dict[str, Any]]]


async def classify_documents(run: Run, *, model: Model, clock: Callable[[], datetime]) -> bool:
    """Classify those that are not yet; False where the rest belongs to another claim.

    What a model cannot say fails its document, not the job. Raises ``ModelResting`` while none would be answered,
    ``Superseded``, ``LeaseLost``.
    """
    async with run.database.reading() as tx:
        counts = await documents.counts(tx, run.job.id)
    total, done = sum(counts.values()), counts["classified"] + counts["failed"]
    while True:
        async with run.database.snapshot() as tx:
            rows = await documents.pending(tx, run.job.id, characters=2 * MAX_TEXT, limit=AT_ONCE)
            version, offered = await _ontology(tx, tenant=run.job.tenant)
        if not rows:
            return True
        pages = [_page(row, run) for row in rows]
        found = await asyncio.gather(*(findings(model, page, offered) for page in pages))
        _refuse_unasked(found)
        done += len(pages)
        progress = EXTRACTED + (NEARLY - EXTRACTED) * min(1.0, done / total)
        cursor = {"extracted": True, "classified": done}
        async with run.writing(progress=progress, step=CLASSIFYING, cursor=cursor) as tx:
            await _keep(tx, pages, found, model=model, version=version, now=clock())
        if run.late:
            return False


async def _ontology(tx: Transaction, *, tenant: str) -> tuple[int, list[Concept]]:
    offered = [one for one in await ontology.all_of(tx, tenant=tenant) if one.classifiable]
    return await ontology.version(tx, tenant=tenant), offered


def _refuse_unasked(found: Sequence[Findings]) -> None:
    told = [one for _, warnings in found for one in warnings if one["code"] == ModelResting.code]
    if told:
        raise ModelResting(told[0]["detail"], retry_after=REST_SECONDS)


def _page(row: Mapping[str, Any], run: Run) -> Page:
    return Page(
        tenant=run.job.tenant,
        source_id=run.source_id,
        job_id=run.job.id,
        attempt=run.job.attempt,
        document_id=UUID(str(row["id"])),
        captured_at=row["created_at"],
        objects={"records": run.object_name},
        **{name: row[name] for name in ("url", "title", "text")},
    )


async def _keep(
    tx: Transaction, pages: Sequence[Page], found: Sequence[Findings], *, model: Model, version: int, now: datetime
) -> None:
    settled = []
    for page, (things, warnings) in zip(pages, found, strict=True):
        assert page.document_id is not None  # noqa: S101  # it is a document's
        failed = any(one["code"] in _FAILURES for one in warnings)
        settled.append(Settled(id=page.document_id, status="failed" if failed else "classified", warnings=warnings))
        rows = (resource_row(page, one, n, model=model, version=version, now=now) for n, one in enumerate(things))
        await resources.add(tx, rows)
    await documents.settle(tx, pages[0].job_id, settled, now=now)

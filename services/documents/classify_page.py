"""Find out what a captured page is about, and keep it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.documents.findings import findings, resource_row
from services.documents.page import MAX_TITLE, MAX_URL, Page, Screenshot, kept
from services.documents.ports import Model
from services.documents.resources.resource import shown
from services.documents.store import concepts as ontology
from services.documents.store import resources as store

Result = dict[str, Any]


async def classify_page(
    *,
    tenant: str,
    source_id: str | None,
    job_id: UUID,
    attempt: int,
    url: str,
    title: str,
    text: str,
    captured_at: datetime,
    now: datetime,
    objects: Mapping[str, str],
    screenshot: Screenshot | None,
    model: Model,
    database: Database,
) -> Result:
    """``resources`` and ``warnings`` of a page, as JSON has them. An attempt is classified once, whoever asks again.

    No model's failure is raised: what nobody could say is a resource labelled ``unknown``, and a warning.
    """
    page = Page(
        tenant=tenant,
        source_id=source_id,
        job_id=job_id,
        attempt=attempt,
        url=kept(url, MAX_URL),
        title=kept(title, MAX_TITLE),
        text=text,
        captured_at=captured_at,
        objects=objects,
        screenshot=screenshot,
    )
    async with database.snapshot() as tx:
        if (stored := await store.run(tx, job_id, tenant=tenant)) is not None and stored.attempt >= attempt:
            return await _told(tx, page)
        version = await ontology.version(tx, tenant=tenant)
        offered = [one for one in await ontology.all_of(tx, tenant=tenant) if one.classifiable]
    found, warnings = await findings(model, page, offered)
    rows = [resource_row(page, one, place, model=model, version=version, now=now) for place, one in enumerate(found)]
    async with database.transaction() as tx:
        if await store.begin(tx, job_id, attempt=attempt, tenant=tenant, model=model.name, warnings=warnings, now=now):
            await store.add(tx, rows)
        return await _told(tx, page)


async def _told(tx: Any, page: Page) -> Result:
    run = await store.run(tx, page.job_id, tenant=page.tenant)
    rows = await store.of_job(tx, page.job_id, tenant=page.tenant)
    return {"resources": [shown(row) for row in rows], "warnings": run.warnings if run else []}

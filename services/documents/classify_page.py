"""Find out what a captured page is about, and keep it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database
from schemas.problem import Problem
from services.documents.judgement import Judged, judged
from services.documents.ontology.concept import UNKNOWN, Concept
from services.documents.page import MAX_TITLE, MAX_URL, Page, Screenshot
from services.documents.ports import Found, InvalidOutput, Model, ModelUnavailable
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
        url=_kept(url, MAX_URL),
        title=_kept(title, MAX_TITLE),
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
    found, warnings = await _asked(model, page, offered)
    rows = [_row(page, one, place, model, version=version, now=now) for place, one in enumerate(found)]
    async with database.transaction() as tx:
        if await store.begin(tx, job_id, attempt=attempt, tenant=tenant, model=model.name, warnings=warnings, now=now):
            await store.add(tx, rows)
        return await _told(tx, page)


async def _asked(model: Model, page: Page, offered: Sequence[Concept]) -> tuple[list[Judged], list[dict[str, Any]]]:
    if not offered:
        told = "No concept is classifiable: make one with POST /api/v1/ontology/concepts and capture the page again."
        return [], [{"code": "NO_CONCEPTS", "detail": told}]
    try:
        return judged(await model.classify(page, offered), page, offered)
    except (ModelUnavailable, InvalidOutput) as problem:
        return [Judged(Found(concept=None, confidence=0.0), needs_review=True)], [_warning(problem)]


def _warning(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "detail": problem.detail, "recovery": problem.recovery}


def _row(page: Page, one: Judged, place: int, model: Model, *, version: int, now: datetime) -> dict[str, Any]:
    concept = one.found.concept
    return {
        "id": uuid5(page.job_id, f"{page.attempt}/{place}"),
        **{name: getattr(page, name) for name in ("tenant", "job_id", "attempt", "source_id", "url", "title")},
        "concept_id": concept.id if concept else None,
        "label": concept.name if concept else UNKNOWN,
        "confidence": one.found.confidence,
        "model": model.name,
        "needs_review": one.needs_review,
        "properties": dict(one.found.properties),
        "provenance": {
            "objects": dict(page.objects),
            "prompt_version": model.prompt,
            "ontology_version": version,
            "captured_at": page.captured_at,
            "classified_at": now,
        },
        "created_at": now,
    }


async def _told(tx: Any, page: Page) -> Result:
    run = await store.run(tx, page.job_id, tenant=page.tenant)
    rows = await store.of_job(tx, page.job_id, tenant=page.tenant)
    return {"resources": [shown(row) for row in rows], "warnings": run.warnings if run else []}


def _kept(text: str, most: int) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()[:most]

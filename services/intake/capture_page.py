"""Capture a page: its picture, its HTML, its text, and what it is about."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid5

from infra.postgres.database import Database
from infra.runtime.browser.pool import Browsers
from schemas.stored_object import StoredObject
from services.intake.capturing.captured import Budget, Captured
from services.intake.capturing.keep import Lake, keep
from services.intake.capturing.ports import Classify
from services.intake.capturing.robots import ask_robots
from services.intake.capturing.visit import visit
from services.jobs.job import Done, Job, Outcome
from services.jobs.progress import Reporter
from services.jobs.store import views

OPENING, CAPTURED, STORED, CLASSIFIED = 10.0, 60.0, 80.0, 95.0
JOB_SECONDS = 180.0
_USUAL = Budget()


async def capture_page(
    job: Job,
    *,
    browsers: Browsers,
    allow: frozenset[str],
    lake: Lake,
    classify: Classify | None,
    reporter: Reporter,
    database: Database,
    clock: Callable[[], datetime],
    budget: Budget = _USUAL,
) -> Outcome:
    """Open, capture, store, classify; ``allow`` are hosts that may be private.

    Raises what ``visit``, ``ask_robots`` and the lake raise, and ``LeaseLost``.
    """
    from services.intake.capturing.order import Capture  # noqa: PLC0415  # an empty queue needs no pydantic

    order = Capture.model_validate(job.payload)
    await reporter.report(job, OPENING, step="opening")
    if order.respect_robots:
        await ask_robots(order.url, allow=allow, database=database)
    captured = await visit(order.url, browsers=browsers, allow=allow, budget=budget)
    at = clock()
    await reporter.report(job, CAPTURED, step="captured", message=captured.title)
    objects = await keep(captured, job, lake=lake)
    await reporter.report(job, STORED, step="stored")
    about: dict[str, Any] = {"resources": [], "warnings": []}
    if order.classify and classify is not None:
        about = await classify(
            **await _provenance(job, database),
            url=captured.final_url,
            title=captured.title,
            text=captured.text,
            captured_at=at,
            now=clock(),
            objects=_names(objects),
            screenshot=_reader(captured),
        )
        await reporter.report(job, CLASSIFIED, step="classified")
    return Done(result={**_result(job, captured, objects, at), **about})


async def _provenance(job: Job, database: Database) -> dict[str, Any]:
    async with database.reading() as tx:
        row = await views.one(tx, job.id, tenant=job.tenant)
    source_id = row["source_id"] if row else None
    return {"tenant": job.tenant, "source_id": source_id, "job_id": job.id, "attempt": job.attempt}


def _reader(captured: Captured) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return captured.screenshot

    return read


def _names(objects: Mapping[str, StoredObject]) -> dict[str, str]:
    return {name: stored.name for name, stored in objects.items()}


def _result(job: Job, captured: Captured, objects: Mapping[str, StoredObject], at: datetime) -> dict[str, Any]:
    return {
        "result_file_id": str(uuid5(job.id, objects["screenshot"].name)),
        "url": captured.url,
        "final_url": captured.final_url,
        "status_code": captured.status_code,
        "title": captured.title,
        **{f"{name}_url": stored.url for name, stored in objects.items()},
        "objects": _names(objects),
        "sha256": {name: stored.sha256 for name, stored in objects.items()},
        "width": captured.width,
        "height": captured.height,
        "truncated": captured.truncated,
        "complete": captured.complete,
        "captured_at": at.isoformat(),
    }

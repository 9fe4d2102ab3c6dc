"""Captures as callers see them: the job, and what it left in the lake."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.intake.capturing.keep import Lake
from services.jobs import shapes
from services.jobs.history.archive import Warehouse
from services.jobs.job_id import JobNotFound
from services.jobs.reading.find_job import find_job

KIND = "capture"


class CaptureNotFound(Problem):
    """There is no such capture for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no capture with this id"
    recovery: ClassVar[str] = "Use the job_id that the submission of the URL answered."


class NotCaptured(Problem):
    """The capture is not over, or ended without a page."""

    code: ClassVar[str] = "NO_RESULT"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Nothing has been captured"
    recovery: ClassVar[str] = "GET /api/v1/captures/{capture_id} says what it waits for, or why it failed."


def parsed(text: str) -> UUID:
    """The id in a path. Raises ``CaptureNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise CaptureNotFound from error


async def find_capture(job_id: UUID, *, tenant: str, database: Database, history: Warehouse) -> dict[str, Any]:
    """The body of ``GET /api/v1/captures/{capture_id}``. Raises ``CaptureNotFound`` and what the warehouse raises."""
    row = await _row(job_id, tenant=tenant, database=database, history=history)
    told = shapes.progress(row, remaining=None)
    kept = ("job_id", "status", "progress", "current_step", "steps_completed", "message")
    return {
        **{name: told[name] for name in kept},
        "url": row["payload"]["url"],
        "source_id": row["source_id"],
        "attempt": row["attempt"],
        "created_at": shapes.instant(row["created_at"]),
        "completed_at": shapes.instant(row["finished_at"]),
        "error": shapes.error(row),
        "result": row["result"] if row["state"] == "completed" else None,
    }


async def read_capture(
    job_id: UUID, what: str, *, tenant: str, database: Database, history: Warehouse, lake: Lake
) -> AsyncIterator[bytes]:
    """The screenshot, html or text, in blocks.

    Raises ``CaptureNotFound``, ``NotCaptured`` and what lake and warehouse raise before the first one.
    """
    row = await _row(job_id, tenant=tenant, database=database, history=history)
    if row["state"] != "completed":
        raise NotCaptured(f"The job is {row['state']}")
    blocks = lake.read(row["result"]["objects"][what])
    # read here: once an answer has begun, it cannot say any more that there is nothing
    first = await anext(blocks, b"")
    return _joined(first, blocks)


async def _row(job_id: UUID, *, tenant: str, database: Database, history: Warehouse) -> Mapping[str, Any]:
    try:
        row = await find_job(job_id, tenant=tenant, database=database, warehouse=history)
    except JobNotFound as error:
        raise CaptureNotFound from error
    if row["kind"] != KIND:
        raise CaptureNotFound
    return row


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for block in rest:
        yield block

"""The job that captures a page: what functions/capture_page.py is given."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.jobs.job import NewJob
from services.jobs.rank import Priority

KIND = "capture"
QUEUE = "capture"


def capture_job(
    source: Mapping[str, Any],
    url: str,
    *,
    job_id: UUID,
    tenant: str,
    created_by: str | None,
    priority: int = Priority.NORMAL.value,
    metadata: Mapping[str, Any] | None = None,
    fingerprint: str | None = None,
) -> NewJob:
    """One page of a website, captured as the source says at this moment."""
    told = {name: source["config"][name] for name in ("respect_robots", "classify")}
    return NewJob(
        id=job_id,
        kind=KIND,
        queue=QUEUE,
        tenant=tenant,
        created_by=created_by,
        priority=priority,
        payload={"url": url, **told},
        metadata=dict(metadata or {}),
        source_id=str(source["id"]),
        fingerprint=fingerprint,
    )

"""A job in the warehouse's form, there and back."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from schemas.records.archived_job import ArchivedJob


_JSON = ("payload", "result", "metadata", "steps_completed")
_IDS = ("batch_id", "schedule_id")
_NEVER = {"want": None, "paused_from": None, "held_by": None}  # what a job that ended cannot have


def archived(job: Mapping[str, Any], *, load_id: UUID) -> "ArchivedJob":
    """A job's row, as JSON has it, for the warehouse."""
    from schemas.records.archived_job import ArchivedJob  # noqa: PLC0415  # who archives none needs no pydantic

    texts = {name: None if job[name] is None else json.dumps(job[name], ensure_ascii=False) for name in _JSON}
    return ArchivedJob.model_validate({**job, **texts, "load_id": str(load_id), "job_id": job["id"]})


def shown(found: "ArchivedJob") -> dict[str, Any]:
    """What ``views.one`` answers of a job that is still there."""
    row = found.model_dump(exclude={"load_id", "job_id", "traceparent"})
    values = {name: None if row[name] is None else json.loads(row[name]) for name in _JSON}
    ids = {name: row[name] and UUID(row[name]) for name in _IDS}
    return {**_NEVER, **row, **values, **ids, "id": UUID(found.job_id)}

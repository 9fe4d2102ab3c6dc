"""Jobs as callers see them: one row, three faces. The table in README.md says which field is which."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.runtime.telemetry.redaction import scrubbed
from services.jobs.limits import Limits
from services.jobs.rank import Priority
from services.jobs.reason import reason

STEPS_AS_STATUS = ("classifying", "extracting", "integrating", "quality_check")
ENDED = ("completed", "failed", "cancelled")
STATUSES = ("queued", "processing", *STEPS_AS_STATUS, "retrying", "paused", *ENDED)


_V2 = {"queued": "queued", "retrying": "queued", "paused": "paused", **{ended: ended for ended in ENDED}}
MEANT = {"running": ("processing", *STEPS_AS_STATUS), "queued": ("queued", "retrying")}
"""What the rougher words of ``/api/v2/jobs`` mean, where they mean more than themselves."""


def status(*, state: str, step: str | None, tries: int, started: bool) -> str:
    """A job's state in the words users see; ``retrying`` is waiting after a failure."""
    if state in {*ENDED, "paused"}:
        return state
    if state == "running" or (state == "waiting" and started):
        return step if step in STEPS_AS_STATUS else "processing"
    if tries:
        return "retrying"
    return "processing" if started else "queued"


def background(row: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """The body under ``/api/background``, with the limits that hold for the job; progress is 0 to 100.

    Credentials in the payload are left out.
    """
    return {
        "job_id": str(row["id"]),
        "kind": row["kind"],
        "status": _status(row),
        "priority": Priority(row["priority"]).name,
        "progress": round(row["progress"], 2),
        "current_step": row["step"],
        "steps_completed": list(row["steps_completed"]),
        "message": _message(row, row["error_message"]),
        "waiting_for": waiting_for(row),
        "created_at": instant(row["created_at"]),
        "started_at": instant(row["started_at"]),
        "completed_at": instant(row["finished_at"]),
        "due_at": instant(row["due_at"]),
        "queue": row["queue"],
        "attempt": row["attempt"],
        "retry_count": row["tries"],
        "claims": row["claims"],
        "max_retries": limits.max_retries,
        "timeout": limits.timeout_seconds,
        "error_message": row["error_message"],
        "error": error(row),
        "payload": scrubbed(row["payload"]),
        "result": row["result"],
        "metadata": row["metadata"],
        "related_dataset_id": row["related_dataset_id"],
        "source_id": row["source_id"],
        "batch_id": _text(row["batch_id"]),
        "schedule_id": _text(row["schedule_id"]),
        "created_by": row["created_by"],
        "wanted": row["want"],
        "discarded_at": instant(row["discarded_at"]),
        "discard_reason": row["discard_reason"],
    }


def progress(row: Mapping[str, Any], *, remaining: float | None) -> dict[str, Any]:
    """The body of ``…/progress``; ``remaining`` is in seconds, None where it would be a guess."""
    return {
        "job_id": str(row["id"]),
        "status": _status(row),
        "progress": round(row["progress"], 2),
        "current_step": row["step"],
        "steps_completed": list(row["steps_completed"]),
        "estimated_time_remaining": remaining,
        "message": _message(row, row["error_message"]),
    }


def v2(row: Mapping[str, Any]) -> dict[str, Any]:
    """The body under ``/api/v2/jobs``."""
    return {
        "id": str(row["id"]),
        "job_type": row["kind"],
        "status": _V2.get(_status(row), "running"),
        "progress": round(row["progress"]),
        "current_step": row["step"],
        "related_dataset_id": row["related_dataset_id"],
        "created_by": row["created_by"],
        "created_at": instant(row["created_at"]),
        "started_at": instant(row["started_at"]),
        "completed_at": instant(row["finished_at"]),
        "error": row["error_message"] if row["state"] == "failed" else None,
        "job_metadata": row["metadata"],
        "message": _message(row, row["error_message"]),
        "priority": Priority(row["priority"]).name,
        "queue": row["queue"],
        "source_id": row["source_id"],
        "batch_id": _text(row["batch_id"]),
    }


def _resource_type(row: Mapping[str, Any]) -> str:
    named = {"filename": "file", "url": "url", "source_id": "source"}
    said = {*row["metadata"], *row["payload"]}
    return next((kind for name, kind in named.items() if name in said), str(row["kind"]))


def source_job(row: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a job of a data source. ``resource`` is the file, page or provider that it is about."""
    message = _message(row, row["error_message"])
    return {
        "id": str(row["id"]),
        "job_id": str(row["id"]),
        "source_id": row["source_id"],
        "kind": row["kind"],
        "resource_type": _resource_type(row),
        "resource": row["metadata"].get("filename") or scrubbed(row["payload"]).get("url"),
        "status": _status(row),
        "progress": round(row["progress"], 2),
        "progress_message": message,
        "current_step": row["step"],
        "result_file_id": (row["result"] or {}).get("result_file_id"),
        "related_dataset_id": row["related_dataset_id"],
        "result": row["result"],
        "error": error(row),
        "attempt": row["attempt"],
        "retry_count": row["tries"],
        "priority": Priority(row["priority"]).name,
        "job_metadata": row["metadata"],
        "created_by": row["created_by"],
        "created_at": instant(row["created_at"]),
        "started_at": instant(row["started_at"]),
        "completed_at": instant(row["finished_at"]),
    }


def job_update(row: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a ``job_update``: how a job was after a line of its timeline, in the words of all faces."""
    message = _message(row, row["data"].get("message"))
    return {
        "id": str(row["job_id"]),
        "job_id": str(row["job_id"]),
        "kind": row["kind"],
        "queue": row["queue"],
        "attempt": row["attempt"],
        "status": _told_status(row),
        "progress": round(row["progress"], 2),
        "current_step": row["step"],
        "steps_completed": list(row["steps_completed"] or ()),
        "message": message,
        "progress_message": message,
        "result_file_id": row["result_file_id"],
        "retry_count": row["tries"],
        "batch_id": _text(row["batch_id"]),
        "source_id": row["source_id"],
        "type": row["type"],
        "at": instant(row["at"]),
    }


def last_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line that told of a job's end, as ``job_update`` takes it, of a job that is over."""
    return {
        **row,
        "job_id": row["id"],
        "started": row["started_at"] is not None,
        "data": {"message": row["error_message"]},
        "result_file_id": (row["result"] or {}).get("result_file_id"),
        "type": row["state"],
        "at": row["finished_at"],
    }


def line(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the timeline: what happened, and how the job was after it."""
    return {
        "at": instant(row["at"]),
        "type": row["type"],
        "attempt": row["attempt"],
        "status": _told_status(row),
        "progress": round(row["progress"], 2),
        "current_step": row["step"],
        "message": _message(row, row["data"].get("message")),
        "retry_count": row["tries"],
        "data": row["data"],
    }


def error(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Why a job failed, or why its last try did; None if it did not."""
    if row["error_code"] is None:
        return None
    names = {"class": "error_class", "code": "error_code", "stage": "error_stage", "message": "error_message"}
    return {**{name: row[column] for name, column in names.items()}, "recovery": row["error_recovery"]}


def waiting_for(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """``reason``, ``last_error``, ``tries`` and ``next_try`` of a job that waits, else None.

    ``next_try`` is null while a pause or a limit holds the job longer.
    """
    why = reason(row)
    if why is None:
        return None
    due = row["due_at"] if row["state"] == "scheduled" and row["held_by"] is None else None
    return {"reason": why, "last_error": row["error_message"], "tries": row["tries"], "next_try": instant(due)}


def instant(moment: datetime | None) -> str | None:
    """A moment in UTC as bodies have it."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _message(row: Mapping[str, Any], why: str | None) -> str | None:
    """Why a job failed or waits, where something says so; else what it last said of itself."""
    said: str | None = row["message"]
    return why or said if row["state"] in {"failed", "scheduled", "ready"} else said


def _status(row: Mapping[str, Any]) -> str:
    return status(state=row["state"], step=row["step"], tries=row["tries"], started=row["started_at"] is not None)


def _told_status(row: Mapping[str, Any]) -> str:
    return status(**{name: row[name] for name in ("state", "step", "tries", "started")})


def _text(value: object) -> str | None:
    return None if value is None else str(value)

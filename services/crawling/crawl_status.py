"""What callers see of a crawl."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.crawling.history.archived_crawl import CrawlArchived
from services.crawling.history.find_crawl import find_crawl
from services.crawling.phase import BY_QUEUE, legal, phase, pipeline_status, polling_state
from services.crawling.store import views
from services.crawling.waiting_for import waiting_for
from services.jobs.history.archive import Warehouse

_RESULT_FIELDS_HIDDEN = {"object_name"}


async def crawl_status(
    crawl_id: UUID, *, tenant: str, database: Database, history: Warehouse, polling_enabled: bool
) -> dict[str, Any]:
    """The status body of one crawl; ``history`` is asked for archived ones.

    Raises ``CrawlNotFound``, and what the warehouse raises.
    """
    row = await find_crawl(crawl_id, tenant=tenant, database=database, warehouse=history)
    async with database.reading() as tx:
        usual = await views.usual_seconds(tx, tenant=tenant, provider=row["provider"], dataset_id=row["dataset_id"])
    return status_body(row, usual_seconds=usual, polling_enabled=polling_enabled)


def status_body(row: Mapping[str, Any], *, usual_seconds: float | None, polling_enabled: bool) -> dict[str, Any]:
    """One row as the published status."""
    return {
        "crawl_id": str(row["id"]),
        "snapshot_id": row["snapshot_id"],
        "provider": row["provider"],
        "dataset_id": row["dataset_id"],
        "platform": row["platform"],
        "competitor": row["competitor"],
        "brightdata_status": row["provider_status"],
        "ready_for_download": row["ready_for_download"],
        "background_processing": {
            "polling_active": row["polling_active"] and polling_enabled and not row["queue_paused"],
            "polling_state": polling_state(row),
            "poll_count": row["poll_count"],
            "estimated_completion": _estimate(row, usual_seconds),
            "last_poll_time": _instant(row["last_poll_time"]),
            "time_elapsed": _elapsed(row["until"] - row["created_at"]),
        },
        "pipeline_status": pipeline_status(row),
        "attempt": row["attempt"],
        "progress": _progress(row),
        "commands": list(legal(row)),
        "waiting_for": waiting_for(row, polling_enabled=polling_enabled),
        "cancel_requested": row["want"] == "cancel",
        "pause_requested": row["want"] == "pause",
        "result": _result(row),
        "error": _error(row),
        "metadata": row["metadata"],
        "source_id": row["source_id"],
        "archived": "archived" in row,
        "created_at": _instant(row["created_at"]),
        "finished_at": _instant(row["finished_at"]),
    }


def _progress(row: Mapping[str, Any]) -> float:
    where = BY_QUEUE.get(row["queue"], "") if phase(row) == "paused" else phase(row)
    floor = {"submitting": 0.0, "waiting": 10.0, "storing": 50.0, "loading": 95.0}.get(where, 0.0)
    return max(floor, round(float(row["progress"]), 1))


def _estimate(row: Mapping[str, Any], usual_seconds: float | None) -> str | None:
    if usual_seconds is None or row["triggered_at"] is None or phase(row) not in {"waiting", "storing"}:
        return None
    return _instant(row["triggered_at"] + timedelta(seconds=usual_seconds))


def _result(row: Mapping[str, Any]) -> dict[str, Any] | None:
    # the last proven attempt's, whatever became of later ones; its own row says more while it is the current one
    proven = row["proven"]
    if proven is None:
        return None
    current = row["result"] if phase(row) == "completed" and proven["attempt"] == row["attempt"] else {}
    return {name: value for name, value in {**proven, **(current or {})}.items() if name not in _RESULT_FIELDS_HIDDEN}


def _error(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if phase(row) == "cancelled":
        return {
            "code": "CANCELLED",
            "stage": "cancelled",
            "message": "The crawl was cancelled",
            "recovery": _way_out(row, _AGAIN),
        }
    if phase(row) != "failed":
        return None
    return {
        "code": row["error_code"],
        "stage": row["error_stage"],
        "message": row["error_message"],
        "recovery": _way_out(row, row["error_recovery"]),
    }


def _way_out(row: Mapping[str, Any], recovery: str) -> str:
    # nobody can command it any more
    return CrawlArchived.recovery if "archived" in row else recovery


_AGAIN = "Use retry-background to run it again; a snapshot that is still there is used again."


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _elapsed(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}h{minutes}m{seconds % 60}s" if hours else f"{minutes}m{seconds % 60}s"

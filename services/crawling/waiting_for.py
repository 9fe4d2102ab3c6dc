"""Why a crawl is not further: what it waits for, what went wrong last, and when it goes on."""

from collections.abc import Mapping
from typing import Any

from services.crawling.phase import phase

_SUBMITTING = {
    "running": "the order is being sent",
    "ready": "a free worker sends the order",
    "scheduled": "the order is sent again at next_try",
}
_STORING = {
    "running": "the result is being fetched and stored",
    "ready": "a free worker fetches the result",
    "scheduled": "the result is fetched again at next_try",
}


def waiting_for(row: Mapping[str, Any], *, polling_enabled: bool) -> dict[str, Any] | None:
    """``reason``, ``last_error``, ``tries`` and ``next_try`` of a crawl that has not ended, else None."""
    reasons = {
        "submitting": _submitting(row),
        "waiting": _waiting(polling_enabled=polling_enabled),
        "storing": _STORING.get(row["state"], ""),
        "loading": "the rows are being loaded into the warehouse",
        "paused": "somebody paused the crawl; resume lets it go on where it was",
    }
    where = phase(row)
    if where not in reasons:
        return None
    due = row["due_at"] if row["state"] == "scheduled" else row["poll_due_at"] if where == "waiting" else None
    held_up = row["queue_paused"] and row["state"] in {"ready", "waiting"} and where != "loading"
    if held_up:
        due = None
    return {
        "reason": f"queue {row['queue']} is paused; POST /api/background/queue/resume" if held_up else reasons[where],
        "last_error": row["error_message"],
        "tries": row["tries"],
        "next_try": due.isoformat().replace("+00:00", "Z") if due and (polling_enabled or where != "waiting") else None,
    }


def _submitting(row: Mapping[str, Any]) -> str:
    if row["step"] == "submit_unknown":
        return "the provider did not say whether it took the order; it is looked up before anything is sent again"
    return _SUBMITTING.get(row["state"], "")


def _waiting(*, polling_enabled: bool) -> str:
    if polling_enabled:
        return "the provider collects; it is asked at next_try"
    return "polling is switched off: use download when the provider is done"

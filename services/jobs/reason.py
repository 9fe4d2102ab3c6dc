"""Why a job is not being worked on, in a sentence that says what would help."""

from collections.abc import Mapping
from typing import Any

_HELD = {
    "all_paused": "all queues are paused; POST /api/background/queue/resume",
    "queue_paused": "queue {queue} is paused; POST /api/background/queue/resume",
    "limit": "as many jobs of queue {queue} run as may at once; PUT /api/background/queue/limits",
    "tenant_limit": "as many jobs of this tenant run on queue {queue} as may at once; PUT /api/background/queue/limits",
}
_STATES = {
    "ready": "a free worker takes it",
    "paused": "somebody paused the job; resume lets it go on where it was",
    "waiting": "what it asked for outside has not come yet",
}


def reason(row: Mapping[str, Any]) -> str | None:
    """What a job's row, with ``held_by``, waits for; None while it is worked on and once it is over."""
    if row["held_by"] is not None:
        return _HELD[row["held_by"]].format(queue=row["queue"])
    if row["state"] == "scheduled":
        return _until(row)
    return _STATES.get(row["state"])


def _until(row: Mapping[str, Any]) -> str:
    if row["tries"]:
        return "it failed and is tried again at next_try"
    return "it looks again at next_try" if row["started_at"] else "it was put off until next_try"

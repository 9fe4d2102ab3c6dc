"""Where a crawl is, in the words callers see, and which commands it takes there."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.problem import Problem
from services.crawling.erasing.erased import CrawlErased

BY_QUEUE = {"submit": "submitting", "poll": "waiting", "store": "storing", "load": "loading"}
_AS_STATE = {"completed", "failed", "cancelled", "paused"}
COMMANDS: dict[str, tuple[str, ...]] = {
    "submitting": ("cancel", "pause"),
    "waiting": ("cancel", "download", "pause"),
    "storing": ("cancel", "pause"),
    "loading": (),  # the rows are being made visible: in a moment it is completed
    "paused": ("cancel", "resume"),
    "completed": ("retry-background", "download"),
    "failed": ("retry-background", "download"),
    "cancelled": ("retry-background", "download"),
}


class IllegalCommand(Problem):
    """The crawl does not take this command where it is."""

    code: ClassVar[str] = "INVALID_TRANSITION"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The crawl does not take this command now"
    recovery: ClassVar[str] = "Use one of the commands in `legal`, or ask for the status again later."


class CrawlNotFound(Problem):
    """There is no such crawl for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no crawl with this id"
    recovery: ClassVar[str] = "Check the crawl_id that the trigger answered; GET /api/v1/crawl lists your crawls."


def phase(row: Mapping[str, Any]) -> str:
    """submitting, waiting, storing, loading, paused, completed, failed or cancelled."""
    if row["state"] in _AS_STATE:
        return str(row["state"])
    return BY_QUEUE.get(row["queue"], "waiting")


def legal(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The commands the crawl takes now; download needs a snapshot that still lives.

    One that is archived, or being erased, takes none.
    """
    if "archived" in row or row.get("erasing"):
        return ()
    alive = row["snapshot_id"] is not None and not row["snapshot_dead"]
    refused = {"download"} if not alive else set()
    if row["want"] == "cancel":
        refused.add("pause")
    wished = ("resume",) if row["want"] == "pause" and phase(row) != "paused" else ()
    return (*(command for command in COMMANDS[phase(row)] if command not in refused), *wished)


def order_may_be_out(row: Mapping[str, Any]) -> bool:
    """Whether an order may be on its way to the provider, so that nobody knows yet what was bought."""
    return phase(row) == "submitting" and (row["submitted_at"] is not None or row["state"] == "running")


def require(command: str, row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The crawl, if it takes the command. Raises ``CrawlNotFound``, ``CrawlErased``, ``IllegalCommand``."""
    if row is None:
        raise CrawlNotFound
    if row.get("erasing"):
        raise CrawlErased
    if command not in (allowed := legal(row)):
        takes = ", ".join(allowed) or "nothing"
        raise IllegalCommand(f"{command} is not possible while {phase(row)}; possible: {takes}", legal=list(allowed))
    return row


def pipeline_status(row: Mapping[str, Any]) -> str:
    """The phase in the words of the published status."""
    where = phase(row)
    if where == "waiting":
        return f"waiting_for_{row['provider'].replace('_', '')}"
    return "downloading" if where in {"storing", "loading"} else where


def polling_state(row: Mapping[str, Any]) -> str:
    """STARTED, POLLING, READY, DOWNLOADING, PAUSED, COMPLETED, FAILED, TIMEOUT or CANCELLED."""
    where = phase(row)
    if where == "waiting":
        return "POLLING" if row["poll_count"] else "STARTED"
    if where == "storing":
        return "DOWNLOADING" if row["state"] == "running" else "READY"
    if where == "failed" and row["error_stage"] == "polling_timeout":
        return "TIMEOUT"
    return {"submitting": "STARTED", "loading": "DOWNLOADING"}.get(where, where.upper())

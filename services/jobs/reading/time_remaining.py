"""Estimate when a job will be over."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from infra.postgres.database import Database, Transaction
from infra.runtime.runtime import Runtime
from services.jobs.reading.eta import like, running_seconds, size_of, waiting_seconds
from services.jobs.shapes import ENDED
from services.jobs.store import durations
from services.jobs.store.durations import End

FRESH_SECONDS = 30.0
_MOST = 1000  # kinds remembered


@dataclass
class Recent:
    """What jobs of a kind took of late; asked of the database now and then, however many ask for it."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str], tuple[float, list[End]]] = field(default_factory=dict)

    async def of(self, tx: Transaction, *, tenant: str, kind: str) -> list[End]:
        """The kind's last completed jobs."""
        at, ends = self._known.pop((tenant, kind), (-math.inf, []))
        if self.clock() - at >= FRESH_SECONDS:
            at, ends = self.clock(), await durations.recent(tx, tenant=tenant, kind=kind)
        self._known[tenant, kind] = at, ends
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]
        return ends


def recent(runtime: Runtime) -> Recent:  # noqa: ARG001  # as runtime.once builds it
    """What this process remembers, through ``runtime.once(recent)``."""
    return Recent()


async def time_remaining(row: Mapping[str, Any], *, database: Database, recent: Recent) -> float | None:
    """Seconds until the job is completed; None where that would be a guess."""
    if row["state"] in ENDED or row["state"] == "paused":
        return 0.0 if row["state"] == "completed" else None
    async with database.reading() as tx:
        ends = await recent.of(tx, tenant=row["tenant"], kind=row["kind"])
        seconds = await (_at_work(tx, row, ends) if _begun(row) else _in_line(tx, row, ends))
    return None if seconds is None else round(max(0.0, seconds), 1)


def _begun(row: Mapping[str, Any]) -> bool:
    return row["started_at"] is not None and row["state"] in {"running", "waiting"}


async def _at_work(tx: Transaction, row: Mapping[str, Any], ends: list[End]) -> float | None:
    elapsed = (await durations.now(tx) - row["started_at"]).total_seconds()
    rose, during = await durations.headway(tx, row["id"], attempt=row["attempt"])
    return running_seconds(
        like(ends, size=size_of(row["metadata"])),
        elapsed=elapsed,
        progress=row["progress"],
        per_second=rose / during if rose and during else row["progress"] / elapsed if elapsed > 0 else 0.0,
    )


async def _in_line(tx: Transaction, row: Mapping[str, Any], ends: list[End]) -> float | None:
    usual = like(ends, size=size_of(row["metadata"]))
    if not usual or row["state"] == "waiting":
        return None
    now = await durations.now(tx)
    if row["state"] == "scheduled":
        wait: float | None = (row["due_at"] - now).total_seconds() if row["due_at"] else None
    else:
        ahead = await durations.ahead(tx, queue=row["queue"], rank_at=row["rank_at"])
        wait = None if ahead is None else waiting_seconds(ahead, ends, now=now)
    return None if wait is None else max(0.0, wait) + median(usual)

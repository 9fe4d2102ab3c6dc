"""How full each queue is, and what holds it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.postgres.database import Database
from services.jobs.shapes import ENDED, STATUSES
from services.jobs.store import depths, statistics
from services.jobs.store.queues import ALL
from services.jobs.watching.depth import Depth, by_queue, is_paused

_OPEN = tuple(one for one in STATUSES if one not in ENDED)
_DAY = timedelta(days=1)


async def queue_status(
    *, tenant: str, known: Iterable[str], max_queue_size: int, now: datetime, database: Database
) -> dict[str, Any]:
    """The body of ``/api/background/queue/status``: ``known`` queues, and others that have jobs, a pause or limits.

    Jobs that are over are those of the last 24 hours; what just ended is counted by the next sweep, in about a second.
    """
    async with database.snapshot() as tx:
        found = by_queue(await depths.depths(tx, tenant=tenant))
        queues = await depths.queues(tx)
        ends = await statistics.ended_by_queue(tx, tenant=tenant, since=now - _DAY)
    names = sorted({*known, *found, *queues} - {ALL})
    items = [
        _queue(name, found.get(name, Depth({}, {})), queues, ends) | {"max_size": max_queue_size} for name in names
    ]
    return {"paused": is_paused(ALL, queues), "totals": _totals(items), "queues": items}


def _queue(
    name: str, depth: Depth, queues: Mapping[str, Mapping[str, Any]], ends: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    over = {row["outcome"]: row["count"] for row in ends if row["queue"] == name}
    limits = queues.get(name, {})
    return {
        "queue": name,
        "paused": is_paused(name, queues),
        "jobs": {one: depth.count(one) for one in _OPEN} | {one: over.get(one, 0) for one in ENDED},
        "oldest_job_age": depth.oldest_seconds,
        "oldest_by_priority": dict(depth.oldest),
        "concurrency": limits.get("concurrency"),
        "tenant_concurrency": limits.get("tenant_concurrency"),
    }


def _totals(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    totals = dict.fromkeys(STATUSES, 0)
    for item in items:
        for one, count in item["jobs"].items():
            totals[one] += count
    return totals

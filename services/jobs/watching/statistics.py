"""How the last week went: counts, throughput and durations, from the hourly statistics."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from infra.postgres.database import Database
from services.jobs.store import statistics as rows
from services.jobs.store import workers
from services.jobs.watching.durations import percentile
from services.jobs.watching.roster import SEEN_SECONDS
from services.jobs.watching.utilisation import utilisation

DAYS = 7
_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


async def statistics(
    *, tenant: str, kind: str | None, queue: str | None, now: datetime, database: Database
) -> dict[str, Any]:
    """The body of ``/api/background/statistics``: seven UTC days, today included; times are in seconds."""
    days = [now.date() - timedelta(days=ago) for ago in reversed(range(DAYS))]
    since = datetime.combine(days[0], time(), UTC)
    async with database.reading() as tx:
        ends = await rows.by_day(tx, tenant=tenant, since=since, kind=kind, queue=queue)
        durations = await rows.durations(tx, tenant=tenant, since=since, kind=kind, queue=queue)
        seen = await workers.seen(tx, within_seconds=SEEN_SECONDS)
    return {
        "weekly_summary": _summary(ends),
        "daily_throughput": [_throughput(day, ends, now) for day in days],
        "processing_times": {name: _times(counts) for name, counts in sorted(durations.items())},
        "workers": utilisation(seen),
    }


def _summary(ends: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    count: Counter[str] = Counter()
    seconds, timed = 0.0, 0
    for row in ends:
        count[row["outcome"]] += row["count"]
        if row["outcome"] != "cancelled":
            seconds, timed = seconds + row["seconds"], timed + row["timed"]
    decided = count["completed"] + count["failed"]
    return {
        "total_jobs": decided,
        "successful_jobs": count["completed"],
        "failed_jobs": count["failed"],
        "cancelled_jobs": count["cancelled"],
        "average_processing_time": round(seconds / timed, 3) if timed else None,
        "success_rate": round(100 * count["completed"] / decided, 1) if decided else None,
    }


def _throughput(day: date, ends: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    jobs = sum(row["count"] for row in ends if row["day"] == day and row["outcome"] != "cancelled")
    begun = (now - datetime.combine(day, time(), UTC)).total_seconds() / 3600
    return {"date": day.isoformat(), "jobs_per_hour": round(jobs / min(24.0, max(1.0, begun)), 2), "jobs": jobs}


def _times(counts: Mapping[int, int]) -> dict[str, Any]:
    found = {name: percentile(counts, share) for name, share in _SHARES.items()}
    return {"jobs": sum(counts.values())} | {name: float(f"{value:.3g}") for name, value in found.items() if value}

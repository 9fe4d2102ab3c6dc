"""Whether the queues are well."""

from datetime import datetime, timedelta
from typing import Any

from infra.postgres.database import Database
from infra.runtime.auth.caller import HOME
from services.jobs.alerts.rules import Level
from services.jobs.store import alerts, depths, statistics
from services.jobs.watching.depth import PROCESSING, QUEUED, depth

UNWATCHED_SECONDS = 150.0  # a tick comes each minute where nothing runs between events
_DAY = timedelta(days=1)
_STATUS = {Level.WARNING: "healthy", Level.ERROR: "degraded", Level.CRITICAL: "critical"}


async def queue_health(*, tenant: str, now: datetime, database: Database) -> dict[str, Any]:
    """The body of ``/api/background/queue/health``.

    ``status`` follows the gravest alert that stands: ``healthy`` with warnings at most, ``degraded`` with an error,
    ``critical`` when jobs are not worked at all. ``failed_jobs`` failed in the last 24 hours and were neither retried
    nor discarded; ``total_jobs`` are those that are not over, and those that ended in that time. Alerts are about the
    jobs of all tenants: others than ``HOME`` hear by ``status`` only.
    """
    async with database.reading() as tx:
        found = depth(await depths.depths(tx, tenant=tenant))
        ends = await statistics.ended_by_queue(tx, tenant=tenant, since=now - _DAY)
        failed = await depths.dead(tx, tenant=tenant, within_seconds=_DAY.total_seconds())
        standing = await alerts.standing(tx)
        unwatched = await alerts.unwatched_seconds(tx)
    told = [{"level": alert["level"], "message": alert["message"]} for alert in standing]
    if unwatched > UNWATCHED_SECONDS:
        message = f"Nothing watches the queues: the last look was {unwatched / 60:.0f} min ago"
        told.insert(0, {"level": Level.CRITICAL.name.lower(), "message": message})
    gravest = max((Level[alert["level"].upper()] for alert in told), default=Level.WARNING)
    return {
        "status": _STATUS[gravest],
        "total_jobs": sum(found.jobs.values()) + sum(row["count"] for row in ends),
        "queued_jobs": found.count(*QUEUED),
        "processing_jobs": found.count(*PROCESSING),
        "failed_jobs": failed,
        "oldest_job_age": found.oldest_seconds,
        "alerts": told if tenant == HOME else [],
    }

"""Everything an operator looks at first, in one answer."""

from datetime import datetime
from typing import Any

from infra.postgres.database import Database
from services.jobs.store import depths, workers
from services.jobs.watching.queue_health import queue_health
from services.jobs.watching.roster import SEEN_SECONDS
from services.jobs.watching.statistics import statistics


async def monitor_summary(*, tenant: str, now: datetime, database: Database) -> dict[str, Any]:
    """The body of ``/api/background/monitor/summary``."""
    async with database.reading() as tx:
        outbox = await depths.outbox(tx)
        seen = await workers.seen(tx, within_seconds=SEEN_SECONDS)
    return {
        "health": await queue_health(tenant=tenant, now=now, database=database),
        "statistics": await statistics(tenant=tenant, kind=None, queue=None, now=now, database=database),
        "workers": seen,
        "outbox": {"waiting_events": outbox["events"], "oldest_seconds": round(max(0.0, outbox["oldest_seconds"]), 3)},
    }

"""The routes of watching: queues, health, statistics, alerts; and what /metrics says of jobs."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query

from infra.runtime.auth.scoped import READS_ALL, Reading, ReadingAll
from infra.runtime.http.answers import body, problems
from infra.runtime.http.measured import measures
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.jobs.alerts.list_alerts import list_alerts
from services.jobs.bodies.jobs import Page
from services.jobs.bodies.watching import Alert, MonitorSummary, QueueHealth, QueueStatus, Statistics
from services.jobs.face.reading import Name, PageSize, PageToken
from services.jobs.kinds import kinds
from services.jobs.reading.job_feed import job_feed
from services.jobs.watching.monitor_summary import monitor_summary
from services.jobs.watching.queue_health import queue_health
from services.jobs.watching.queue_status import queue_status
from services.jobs.watching.statistics import statistics

_Standing = Annotated[bool | None, Query(description="True: those that stand; false: those that are over; else both.")]


def routes(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/api/background", tags=["monitoring"])
    _queues(made, runtime)
    _week(made, runtime)
    if measures(runtime.settings):
        _measured(runtime)
    return made


def _measured(runtime: Runtime) -> None:
    from infra.runtime.telemetry.metrics import metrics  # noqa: PLC0415  # it takes a while to load
    from services.jobs.watching.metrics import read  # noqa: PLC0415  # see above

    made = runtime.once(metrics)
    made.sources.append(partial(read, runtime.database))
    made.readers.labels("jobs").set_function(lambda: runtime.once(job_feed).readers)


def _queues(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.get("/queue/status", responses=body(QueueStatus))
    async def status(caller: Reading) -> dict[str, Any]:
        """Each queue: jobs by status (those that are over: of the last 24 hours), oldest ready job, pause, limits.

        What just ended is counted by the next sweep, so that while jobs are worked the counts add up to a little less.
        """
        return await queue_status(
            tenant=caller.tenant,
            known={one.queue for one in runtime.once(kinds).working.values()},
            max_queue_size=runtime.settings.max_queue_size,
            now=_now(),
            database=database,
        )

    @made.get("/queue/health", responses=body(QueueHealth))
    async def health(caller: Reading) -> dict[str, Any]:
        """How the queues are: `healthy` (warnings at most), `degraded` (an error), `critical` (nothing is worked)."""
        return await queue_health(tenant=caller.tenant, now=_now(), database=database)

    @made.get("/alerts", responses=body(Page[Alert]) | problems(InvalidPage), dependencies=[READS_ALL])
    async def alerts(
        standing: _Standing = None, page_size: PageSize = 50, page_token: PageToken = None
    ) -> dict[str, Any]:
        """What was or is wrong, the newest first."""
        return await list_alerts(standing=standing, page_size=page_size, page_token=page_token, database=database)


def _week(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.get("/statistics", responses=body(Statistics))
    async def get_statistics(caller: Reading, kind: Name = None, queue: Name = None) -> dict[str, Any]:
        """Seven days of jobs: summary, throughput by day, processing times by kind in seconds, use of the workers."""
        return await statistics(tenant=caller.tenant, kind=kind, queue=queue, now=_now(), database=database)

    @made.get("/monitor/summary", responses=body(MonitorSummary))
    async def summary(caller: ReadingAll) -> dict[str, Any]:
        """Health, statistics, workers and unpublished events in one answer."""
        return await monitor_summary(tenant=caller.tenant, now=_now(), database=database)


def _now() -> datetime:
    return datetime.now(UTC)

"""The clean-up: what is old goes, and old jobs, crawls and events go where they are still found."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any

from infra.postgres.event_log import make_days
from infra.runtime.functions.chores import Chores, Part, once, until_nothing_is_left
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.rooms import sweep_rooms
from infra.runtime.runtime import Runtime
from services.crawling.clean_up import clean_up
from services.crawling.erasing.expire_results import expire_results
from services.crawling.forget_sites import forget_sites
from services.crawling.history.archive_crawls import archive_crawls
from services.crawling.wiring import Crawling, crawling
from services.events.history.archive_events import archive_events
from services.intake.sweep_strays import sweep_strays
from services.jobs.history.archive_jobs import archive_jobs
from services.jobs.kinds import kinds
from services.jobs.reading.find_job import job_history
from services.jobs.sweep import forget
from services.jobs.watching.forget_statistics import forget_statistics


@deployed
@ticks(every=1.0)
def main(runtime: Runtime) -> Turn:
    """All that is old, now and then, however long it takes."""
    context = runtime.once(crawling)
    removing: list[Part] = [
        partial(forget, runtime.database, days=runtime.settings.job_retention_days),
        partial(forget_statistics, runtime.database),
        partial(
            expire_results,
            database=context.database,
            lake=context.lake,
            days=runtime.settings.result_retention_days,
        ),
        partial(clean_up, database=context.database, lake=context.lake, warehouse=context.warehouse),
        partial(_forget_sites, context),
    ]
    whither: dict[str, Any] = {
        "database": runtime.database,
        "lake": runtime.lake,
        "warehouse": runtime.once(job_history),
    }
    days = runtime.settings.job_retention_days
    # crawls first: archive_jobs also brings the jobs that leave with them
    archiving = [
        partial(archive_crawls, days=days, **whither),
        partial(archive_jobs, kinds=runtime.once(kinds).archived, days=days, **whither),
        partial(archive_events, **whither),
    ]
    strays = partial(sweep_strays, database=runtime.database, lake=runtime.lake)
    chores = [once(partial(make_days, runtime.database)), once(partial(asyncio.to_thread, sweep_rooms))]
    if runtime.settings.background_cleanup:
        chores += [*map(until_nothing_is_left, removing), *archiving, strays]
    return Chores(chores, every_seconds=runtime.settings.cleanup_interval).turn


async def _forget_sites(context: Crawling) -> int:
    return await forget_sites(database=context.database, lake=context.lake, now=datetime.now(UTC))

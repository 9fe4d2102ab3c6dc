"""The clean-up: what is old goes, and old jobs and crawls go where they are still found."""

from functools import partial
from typing import Any

from infra.postgres.event_log import EVENT_DAYS, turn_days
from infra.runtime.functions.chores import Chores, Part, once, until_nothing_is_left
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.runtime import Runtime
from services.crawling.clean_up import clean_up
from services.crawling.history.archive_crawls import archive_crawls
from services.crawling.wiring import crawling
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
        partial(clean_up, database=context.database, lake=context.lake, warehouse=context.warehouse),
    ]
    whither: dict[str, Any] = {
        "database": runtime.database,
        "lake": runtime.lake,
        "warehouse": runtime.once(job_history),
        "days": runtime.settings.job_retention_days,
    }
    # crawls first: archive_jobs also brings the jobs that leave with them
    archiving = [
        partial(archive_crawls, **whither),
        partial(archive_jobs, kinds=runtime.once(kinds).archived, **whither),
    ]
    cleans = runtime.settings.background_cleanup
    keep_days = EVENT_DAYS if cleans else None
    chores = [once(lambda: turn_days(runtime.database, keep_days=keep_days))]
    if cleans:
        chores += [*map(until_nothing_is_left, removing), *archiving]
    return Chores(chores, every_seconds=runtime.settings.cleanup_interval).turn

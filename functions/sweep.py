"""The sweep: what is due, abandoned or left behind is taken up again, and what is old goes."""

from datetime import UTC, datetime
from functools import partial

from infra.postgres.event_log import EVENT_DAYS, turn_days
from infra.runtime.function import Turn, ticks
from infra.runtime.runtime import Runtime
from infra.runtime.sweep import Sweep
from services.crawling.clean_up import clean_up
from services.crawling.wiring import crawling
from services.jobs.alerts.channels import channels
from services.jobs.alerts.watch import watch
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.history.archive_jobs import archive_jobs
from services.jobs.kinds import kinds
from services.jobs.reading.find_job import job_history
from services.jobs.schedules.run_schedules import run_schedules
from services.jobs.submitting.admission import door
from services.jobs.sweep import forget, sweep
from services.jobs.watching.forget_statistics import forget_statistics
from services.jobs.watching.roll_up import roll_up


@ticks(every=0.5)
def main(runtime: Runtime) -> Turn:
    """Once through, often; the clean-up now and then."""
    context = runtime.once(crawling)

    async def enforce() -> int:
        return await enforce_wishes(kinds=runtime.once(kinds), database=runtime.database)

    async def fire() -> int:
        return await run_schedules(door=runtime.once(door), database=runtime.database)

    removing = [
        partial(forget, runtime.database),
        partial(forget_statistics, runtime.database),
        partial(clean_up, database=context.database, lake=context.lake, warehouse=context.warehouse),
        partial(
            archive_jobs,
            database=runtime.database,
            lake=runtime.lake,
            warehouse=runtime.once(job_history),
            kinds=runtime.once(kinds).archived,
            days=runtime.settings.job_retention_days,
        ),
    ]

    async def look() -> object:
        names = runtime.once(channels).names
        return await watch(runtime.database, now=datetime.now(UTC), channels=names)

    keep_days = EVENT_DAYS if runtime.settings.background_cleanup else None
    return Sweep(
        often=[
            partial(sweep, runtime.database),
            enforce,
            fire,
            runtime.relay.sweep,
            partial(roll_up, runtime.database),
            look,
        ],
        seldom=[
            lambda: turn_days(runtime.database, now=datetime.now(UTC), keep_days=keep_days),
            *(removing if runtime.settings.background_cleanup else ()),
        ],
        seldom_seconds=runtime.settings.cleanup_interval,
    ).turn

"""The sweep: what is due, abandoned or left behind is taken up again, and what is old goes."""

from datetime import UTC, datetime
from functools import partial

from infra.postgres.event_log import turn_days
from infra.runtime.function import Turn, ticks
from infra.runtime.runtime import Runtime
from infra.runtime.sweep import Sweep
from services.crawling.clean_up import clean_up
from services.crawling.wiring import crawling
from services.jobs.enforce_wishes import enforce_wishes
from services.jobs.kinds import kinds
from services.jobs.sweep import forget, sweep


@ticks(every=0.5)
def main(runtime: Runtime) -> Turn:
    """Once through, often; the clean-up now and then."""
    context = runtime.once(crawling)

    async def enforce() -> int:
        return await enforce_wishes(kinds=runtime.once(kinds), database=runtime.database)

    return Sweep(
        often=[partial(sweep, runtime.database), enforce, runtime.relay.sweep],
        seldom=[
            lambda: turn_days(runtime.database, now=datetime.now(UTC)),
            partial(forget, runtime.database),
            partial(clean_up, database=context.database, lake=context.lake, warehouse=context.warehouse),
        ],
        seldom_seconds=runtime.settings.cleanup_interval,
    ).turn

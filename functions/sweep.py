"""The sweep: what is due, abandoned or left behind is taken up again."""

from datetime import UTC, datetime
from functools import partial

from infra.runtime.functions.chores import Chores, Part, once
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.runtime import Runtime
from services.jobs.alerts.channels import channels
from services.jobs.alerts.watch import watch
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.kinds import kinds
from services.jobs.schedules.run_schedules import run_schedules
from services.jobs.submitting.admission import door
from services.jobs.sweep import due_seconds, sweep
from services.jobs.watching.roll_up import roll_up


@deployed
@ticks(every=0.5, soon=lambda runtime: due_seconds(runtime.database))
def main(runtime: Runtime) -> Turn:
    """Once through, in little time: whatever takes long is a function of its own."""

    async def enforce() -> int:
        return await enforce_wishes(kinds=runtime.once(kinds), database=runtime.database)

    async def fire() -> int:
        return await run_schedules(door=runtime.once(door), database=runtime.database)

    async def look() -> object:
        names = runtime.once(channels).names
        size = runtime.settings.max_queue_size
        return await watch(runtime.database, now=datetime.now(UTC), max_queue_size=size, channels=names)

    parts: list[Part] = [
        partial(sweep, runtime.database),
        enforce,
        fire,
        runtime.relay.sweep,
        partial(roll_up, runtime.database),
        look,
    ]
    return Chores([once(part) for part in parts]).turn

"""Say that this process works jobs, and how many of its places are taken."""

import asyncio

from infra.runtime.function import Turn, ticks
from infra.runtime.runtime import Runtime
from services.jobs.watching.roster import REPORT_SECONDS, roster


@ticks(every=REPORT_SECONDS)
def main(runtime: Runtime) -> Turn:
    """Workers of this process in, a row out."""

    async def turn(_: asyncio.Event) -> None:
        await runtime.once(roster).report(runtime.database)

    return turn

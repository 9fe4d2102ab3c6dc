"""Push to other teams' endpoints what is due, now or again."""

import asyncio

from infra.runtime.egress.guard import Guard
from infra.runtime.egress.session import late_session
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.runtime import Runtime
from services.events.push_due import due_seconds, push_due
from services.events.push_event import QUEUE

AT_ONCE = 64


@deployed
@ticks(every=1.0, bell=QUEUE, soon=lambda runtime: due_seconds(runtime.database))
def main(runtime: Runtime) -> Turn:
    """Pushes in, requests out."""

    async def turn(stop: asyncio.Event) -> None:
        guard = None if runtime.settings.alone else Guard(ports=None)
        async with late_session(guard) as session:
            await push_due(runtime.database, session, limit=AT_ONCE, stop=stop)

    return turn

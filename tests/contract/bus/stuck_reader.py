"""A process that takes one event and never finishes it: it exists to be killed."""

import asyncio
import sys

from infra.embedded.bus import EmbeddedBus
from infra.embedded.consumer import Pace
from infra.postgres.database import Database
from schemas.event import Envelope


async def hang(envelope: Envelope, attempt: int) -> None:
    print(envelope.id, attempt, flush=True)  # noqa: T201  # the test reads it
    await asyncio.Event().wait()


async def main(dsn: str, subscription: str) -> None:
    database = await Database.connect(dsn, size=2)
    bus = EmbeddedBus(database, doorbell=asyncio.Event(), pace=Pace(poll_s=0.02, lease_s=1.0))
    await bus.consume({subscription: hang}, asyncio.Event())


asyncio.run(main(sys.argv[1], sys.argv[2]))

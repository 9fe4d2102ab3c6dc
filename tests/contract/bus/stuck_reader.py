"""A process that takes one event and never finishes it: it exists to be killed."""

import asyncio
import sys

from infra.postgres.database import Database
from schemas.envelope import Envelope


async def hang(envelope: Envelope, attempt: int) -> None:
    print(envelope.id, attempt, flush=True)  # noqa: T201  # the test reads it
    await asyncio.Event().wait()


async def main(dsn: str, subscription: str) -> None:
    from infra.embedded.bus import EmbeddedBus  # noqa: PLC0415  # each adapter loads no other
    from infra.embedded.consumer import Pace  # noqa: PLC0415  # see above

    database = await Database.connect(dsn, size=2)
    bus = EmbeddedBus(database, doorbell=asyncio.Event(), pace=Pace(poll_s=0.02, lease_s=1.0))
    await bus.consume({subscription: hang}, asyncio.Event())


async def on_pubsub(dsn: str, subscription: str, emulator: str, project: str) -> None:
    from infra.gcp.pubsub import PubSubBus  # noqa: PLC0415  # each adapter loads no other
    from infra.gcp.pubsub.lane import Pace  # noqa: PLC0415  # see above

    database = await Database.connect(dsn, size=2)
    async with PubSubBus(project, database, emulator=emulator, pace=Pace(lease_s=10.0)) as bus:
        await bus.consume({subscription: hang}, asyncio.Event())


asyncio.run((main if len(sys.argv) == 3 else on_pubsub)(*sys.argv[1:]))

"""Doorbells for functions that only run while they are called: a message a queue, on a topic of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from infra.postgres.doorbell import Carry
from infra.runtime.events.bus import Bus
from infra.runtime.functions import topology
from infra.runtime.functions.function import TICK, doorbell
from schemas.envelope import Envelope


def doorbells() -> list[str]:
    """The topics by which functions are rung, the clock's included."""
    return sorted({bell for one in topology.generated()["functions"].values() for bell in one.get("doorbells", ())})


def carrier(bus: Bus) -> Carry:
    """Rings queues by the bus; those that no function is rung by are left out."""
    known = set(doorbells()) - {TICK}

    async def carry(queues: Sequence[str]) -> None:
        now = datetime.now(UTC)
        await bus.publish([_ring(queue, now) for queue in queues if doorbell(queue) in known])

    return carry


def _ring(queue: str, now: datetime) -> Envelope:
    return Envelope(
        id=str(uuid4()), type=doorbell(queue), source="//headrace/doorbells", subject=queue, time=now, data={}
    )

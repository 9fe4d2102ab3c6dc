"""What Pub/Sub itself gave up: read from the subscription of dead letters, and kept where they can be listed."""

import asyncio
from typing import Any

from google.api_core.exceptions import DeadlineExceeded

from infra.gcp.pubsub.clients import ASKING, Clients
from infra.gcp.pubsub.message import kept, published_at
from infra.gcp.pubsub.topology import DEAD_LETTERS
from infra.gcp.pubsub.trouble import as_problems
from infra.postgres.database import Database
from infra.postgres.dead_letters import keep, letter_id
from infra.runtime.events.bus import DeadLetter

WAIT_SECONDS = 5.0  # where nothing waits the answer comes late or never

_BATCH = 100
_WAIT: dict[str, Any] = {"retry": None, "timeout": WAIT_SECONDS}
_SOURCE = "CloudPubSubDeadLetterSource"


async def keep_given_up(clients: Clients, database: Database, stop: asyncio.Event) -> int:
    """Keep what waits, until nothing is left or ``stop`` is set; returns how many messages that were.

    A message leaves Pub/Sub only after its row is committed; one that is read twice makes one row. Raises
    ``DatabaseAway`` and what ``as_problems`` raises.
    """
    count = 0
    path = clients.subscription(DEAD_LETTERS)
    with as_problems(DEAD_LETTERS):
        while received := await _pulled(clients, path, stop):
            async with database.transaction() as tx:
                await keep(tx.connection, [_letter(one.message) for one in received])
            ack_ids = [one.ack_id for one in received]
            await clients.subscriber.acknowledge(subscription=path, ack_ids=ack_ids, **ASKING)
            count += len(received)
    return count


async def _pulled(clients: Clients, path: str, stop: asyncio.Event) -> list[Any]:
    pulling = asyncio.create_task(clients.subscriber.pull(subscription=path, max_messages=_BATCH, **_WAIT))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({pulling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return list(pulling.result().received_messages) if pulling.done() else []
    except DeadlineExceeded:
        return []
    finally:
        pulling.cancel()
        stopping.cancel()


def _letter(message: Any) -> DeadLetter:
    told = {name.removeprefix(_SOURCE): value for name, value in message.attributes.items()}
    envelope = kept(message)
    subscription, count = told.get("Subscription", DEAD_LETTERS), told.get("DeliveryCount", "")
    attempts = int(count) if count.isdecimal() else 1
    return DeadLetter(
        id=letter_id(subscription, envelope.id, told.get("TopicPublishTime", message.message_id)),
        subscription=subscription,
        envelope=envelope,
        attempts=attempts,
        outcome="exhausted",
        reason="NOT_ACKNOWLEDGED",
        detail=f"No reader acknowledged any of {attempts} deliveries; its own log says why",
        at=published_at(message),
    )

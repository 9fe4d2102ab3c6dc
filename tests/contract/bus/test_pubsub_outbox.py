"""From the outbox to Pub/Sub: what cannot be published waits."""

import pytest

from infra.gcp.pubsub.topology import declare_topic
from infra.gcp.pubsub.trouble import TopologyMissing
from infra.postgres.database import Database
from infra.runtime.events.relay import Relay
from tests.contract.bus.rig import Inbox, PubSubRig, consuming, reader
from tests.contract.relay.rig import failed, tell, time_passes, triggered, waiting


async def test_a_missing_topic_holds_up_its_own_events_only_and_loses_none(
    pubsub: PubSubRig, database: Database
) -> None:
    bus, load = await pubsub.bus(), Inbox()
    clients = await pubsub.clients()
    await clients.publisher.delete_topic(topic=clients.topic("crawl.failed"), timeout=5)
    await bus.declare(reader())
    relay = Relay(database, bus)

    async with consuming(bus, {"load": load}):
        await tell(database, triggered(1), failed(1))
        await relay.settle()
        assert (await load.next())[0].id == triggered(1).id
        assert await waiting(database) == 1
        await time_passes(database)
        with pytest.raises(TopologyMissing):
            await relay.sweep()

        await declare_topic(clients, "crawl.failed")
        await time_passes(database)
        await relay.sweep()

    assert await waiting(database) == 0
    await relay.close()

"""Doorbells that are carried: a message a queue, on the topic by which its function is rung."""

from collections.abc import Sequence
from typing import cast

from infra.runtime.events.bus import Bus
from infra.runtime.functions.doorbells import carrier, doorbells
from infra.runtime.functions.topology import generated
from schemas.envelope import Envelope


class Topics:
    """A bus that only takes."""

    def __init__(self) -> None:
        self.had: list[Envelope] = []

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self.had += envelopes


async def test_a_queue_is_rung_on_its_functions_topic_and_nobody_elses_is() -> None:
    topics = Topics()

    await carrier(cast("Bus", topics))(["store", "nobody's", "load"])

    assert [one.type for one in topics.had] == ["doorbell.store", "doorbell.load"]
    assert all(one.type in doorbells() for one in topics.had)
    assert len({one.id for one in topics.had}) == 2


async def test_the_clock_is_nobody_elses_to_ring() -> None:
    topics = Topics()

    await carrier(cast("Bus", topics))(["tick"])

    assert topics.had == []


def test_every_doorbell_of_the_topology_can_be_rung() -> None:
    rung = {bell for one in generated()["functions"].values() for bell in one.get("doorbells", ())}

    assert set(doorbells()) == rung
    assert {"tick", "doorbell.store", "doorbell.poll", "doorbell.pushes"} <= rung

"""What the bus says of a delivery belongs to the trace of its event."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from infra.runtime.events.bus import PoisonMessage
from infra.runtime.telemetry import trace
from tests.contract.bus.rig import Inbox, Rig, consuming, event, reader


def traced(_: object, __: str, line: Any) -> Any:
    return {**line, "traceparent": trace.current()}


@pytest.mark.parametrize(
    ("failure", "said"), [(ValueError("x"), "delivery failed"), (PoisonMessage(), "message set aside")]
)
async def test_a_delivery_that_fails_is_logged_in_the_trace_of_its_event(
    rig: Rig, failure: Exception, said: str
) -> None:
    bus, load = await rig.bus(), Inbox(failure)
    await bus.declare(reader())
    published = {one.id: one for one in (event(1), event(2))}
    with capture_logs([traced]) as lines:
        async with consuming(bus, {"load": load}):
            await bus.publish(list(published.values()))
            for _ in published:
                await load.next()

    [failed] = [line for line in lines if line["event"] == said]
    assert failed["traceparent"] == published[failed["event_id"]].traceparent

"""Give every published event to the endpoints that subscribed to it."""

from infra.runtime.events.bus import Handler
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import subscribes
from infra.runtime.runtime import Runtime
from schemas.catalogue import event_types
from schemas.envelope import Envelope
from services.events.push_event import push_event


@deployed
@subscribes(*sorted(event_types()))
def main(runtime: Runtime) -> Handler:
    """Events in, one push an endpoint out."""

    async def handle(event: Envelope, _: int) -> None:
        await push_event(event, database=runtime.database)

    return handle

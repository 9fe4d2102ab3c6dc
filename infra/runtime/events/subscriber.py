"""An event function's way from a message to an acknowledgement: decode, handle, and what a failure means."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from pydantic import ValidationError

from infra.runtime.events.bus import Handler, PoisonMessage
from schemas.envelope import Envelope
from schemas.event import Event

E = TypeVar("E", bound=Event)


async def receive(envelope: Envelope, event_type: type[E], handle: Callable[[E], Awaitable[None]]) -> None:
    """Have an event handled; returning means that it is done and may be acknowledged.

    ``handle`` commits its own work before it returns; what it recorded is published by the relay. Raises
    ``PoisonMessage`` when the message cannot be read, and passes on what ``handle`` raises: the bus sets final
    problems aside and delivers again after all others.
    """
    ids = {"event_id": envelope.id, "event_type": envelope.type, "crawl_id": envelope.subject}
    with structlog.contextvars.bound_contextvars(**ids):
        await handle(decode(envelope, event_type))


def decode(envelope: Envelope, event_type: type[E]) -> E:
    """The typed event in an envelope; fields it does not know are ignored. Raises ``PoisonMessage``."""
    if envelope.type != event_type.topic:
        raise PoisonMessage(f"{envelope.type} came where {event_type.topic} is read")
    try:
        return event_type.model_validate(envelope.data)
    except ValidationError as error:
        # Names of fields and kinds of faults only: values may be secret, and a dead letter has the data anyway.
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors())
        raise PoisonMessage(f"{envelope.type} cannot be read: {faults}") from error


def subscriber(event_type: type[E], handle: Callable[[E], Awaitable[None]]) -> Handler:
    """The same as a handler for ``Bus.consume``."""

    async def deliver(envelope: Envelope, _: int) -> None:
        await receive(envelope, event_type, handle)

    return deliver

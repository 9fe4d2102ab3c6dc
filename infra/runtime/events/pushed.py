"""An event that Pub/Sub pushed to a function: handled, passed over, or set aside where another delivery cannot help."""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from infra.postgres import dead_letters
from infra.runtime.events.bus import ADDRESSED, DeadLetter, Handler, Outcome, PoisonMessage
from infra.runtime.events.verdict import Verdict, tell, verdict
from infra.runtime.runtime import Runtime
from schemas.envelope import Envelope

_MESSAGE, _SUBSCRIPTION, _PUBLISHED = (
    f"x-goog-pubsub-{name}" for name in ("message-id", "subscription-name", "publish-time")
)
_UNCOUNTED = 1  # the number of a delivery stands in no push


async def receive(handle: Handler, headers: Mapping[str, str], body: bytes, *, runtime: Runtime) -> None:
    """Have the event of a push handled; returning acknowledges it. Raises what asks for another delivery.

    A final problem of a message that Pub/Sub names is kept as a dead letter; of any other, its sender hears of it.
    """
    subscription = headers.get(_SUBSCRIPTION, "").rpartition("/")[2]
    if headers.get(ADDRESSED, subscription) != subscription:
        return
    envelope = _unreadable(headers, body)
    try:
        envelope = _read(headers, body)
        with structlog.contextvars.bound_contextvars(event_id=envelope.id, event_type=envelope.type):
            await handle(envelope, _UNCOUNTED)
    except Exception as error:
        found = verdict(error, last=False)
        if found.outcome is None or _MESSAGE not in headers:
            raise
        tell(found, error, subscription=subscription, event_id=envelope.id)
        published = headers.get(_PUBLISHED, "")
        await _keep(envelope, found.outcome, found, subscription=subscription, published=published, runtime=runtime)


def _read(headers: Mapping[str, str], body: bytes) -> Envelope:
    try:
        return Envelope.from_http(headers, body)
    except ValueError as error:
        raise PoisonMessage("It is no CloudEvent in HTTP binary mode") from error


def _unreadable(headers: Mapping[str, str], body: bytes) -> Envelope:
    given = {name: value for name, value in headers.items() if name.startswith("ce-")}
    return Envelope(
        id=headers.get(_MESSAGE, ""),
        type=headers.get("ce-type", "unreadable"),
        source="//pubsub.googleapis.com",
        subject=headers.get("ce-subject", ""),
        time=datetime.now(UTC),
        tenant=headers.get("ce-tenant", "default"),
        data={"attributes": given, "text": body.decode(errors="replace").replace("\0", "")},
    )


async def _keep(
    envelope: Envelope, outcome: Outcome, found: Verdict, *, subscription: str, published: str, runtime: Runtime
) -> None:
    letter = DeadLetter(
        id=dead_letters.letter_id(subscription, envelope.id, published),
        subscription=subscription,
        envelope=envelope,
        attempts=_UNCOUNTED,
        outcome=outcome,
        reason=found.reason,
        detail=found.detail,
        at=datetime.now(UTC),
    )
    async with runtime.database.pool.acquire() as connection:
        await dead_letters.keep(connection, [letter])

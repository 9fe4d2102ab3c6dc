"""What becomes of one message: handled, set aside, or brought back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.gcp.pubsub.message import kept, published_at, read
from infra.postgres.database import Database
from infra.postgres.dead_letters import keep, letter_id
from infra.runtime.events.bus import ADDRESSED, DeadLetter, Handler, PoisonMessage
from infra.runtime.events.verdict import Verdict, tell, verdict
from infra.runtime.telemetry import trace, tracing
from schemas.envelope import Envelope
from schemas.problem import Problem

_LOST = Verdict(outcome="exhausted", reason="LEASE_EXPIRED", detail="No reader survived the last delivery")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A subscription's reader in this process. ``max_attempts`` may be fewer than Pub/Sub can count."""

    subscription: str
    handler: Handler
    max_attempts: int
    database: Database

    async def take(self, received: Any) -> float | None:
        """In how many seconds the message should come again; None: it is done with.

        Raises ``DatabaseAway``, or what else the database raises, when it should be set aside and cannot be.
        """
        message = received.message
        if message.attributes.get(ADDRESSED, self.subscription) != self.subscription:
            return None
        try:
            envelope = read(message)
        except ValueError:
            found = verdict(PoisonMessage("It is no CloudEvent in binary mode"), last=True)
            await self._set_aside(received, found)
            return None
        return await self._handle(received, envelope, max(received.delivery_attempt, 1))

    async def _handle(self, received: Any, envelope: Envelope, attempt: int) -> float | None:
        trace.follow(trace.valid(envelope.traceparent))
        if attempt > self.max_attempts:
            # whoever took it last never came back: without this, a message that kills its reader comes for ever
            await self._set_aside(received, _LOST)
            return None
        try:
            with tracing.span(f"deliver {envelope.type}", kind="consumer"):
                await self.handler(envelope, attempt)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises means: not acknowledged
            found = verdict(error, last=attempt >= self.max_attempts)
            tell(found, error, subscription=self.subscription, event_id=envelope.id)
            if found.outcome is None:
                return (error.retry_after or 0.0) if isinstance(error, Problem) else 0.0
            await self._set_aside(received, found)
        return None

    async def _set_aside(self, received: Any, found: Verdict) -> None:
        envelope = kept(received.message)
        letter = DeadLetter(
            id=letter_id(self.subscription, envelope.id, published_at(received.message)),
            subscription=self.subscription,
            envelope=envelope,
            attempts=max(received.delivery_attempt, 1),
            outcome=found.outcome or "exhausted",
            reason=found.reason,
            detail=found.detail,
            at=datetime.now(UTC),
        )
        async with self.database.transaction() as tx:
            await keep(tx.connection, [letter])

"""What the runtime asks of a message bus: at least once, in no order, with dead letters that can be replayed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from schemas.envelope import Envelope
from schemas.problem import Problem, ProblemClass

Handler = Callable[[Envelope, int], Awaitable[None]]
"""Takes an event and the number of this delivery, from 1. Returning acknowledges, raising asks for another one."""

Outcome = Literal["exhausted", "refused", "poison"]
"""Why a message was set aside: tries used up, refused for good by its handler, or not readable at all."""

Place = tuple[datetime, UUID]
"""Where a dead letter stands in their list: when it was set aside, and its id."""

ADDRESSED = "headrace-for"
"""Beside an event's attributes: the one subscription that a replayed message is for. All others pass it over."""

_FINAL = {ProblemClass.PERMANENT, ProblemClass.DATA, ProblemClass.AUTH}


class Subscription(Struct, frozen=True, kw_only=True):
    """Who gets the events of a topic. With ``push_url`` they are POSTed there as CloudEvents in HTTP binary mode."""

    name: str
    topic: str
    push_url: str | None = None
    max_attempts: int = 20
    min_backoff_s: float = 1.0
    max_backoff_s: float = 600.0


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message nobody tries to deliver any more. ``reason`` is a problem's code or an exception's type."""

    id: str
    subscription: str
    envelope: Envelope
    attempts: int
    outcome: Outcome
    reason: str
    detail: str
    at: datetime


class Bus(Protocol):
    """Carries events from those who publish to those who subscribed. Duplicates keep the event's id.

    What a handler raises decides: ``PoisonMessage`` and every ``Problem`` of class permanent, data or auth set the
    message aside at once, unless it says that another try can help; anything else brings it back with backoff until
    ``max_attempts`` deliveries are used up.
    """

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand over events to every subscription of their topics; when this returns they survive a crash."""

    async def declare(self, subscription: Subscription) -> None:
        """Make or change a subscription; it gets what is published from now on."""

    async def remove(self, name: str) -> None:
        """End a subscription and drop what it has not received; fine if there is none. Dead letters stay."""

    async def consume(self, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
        """Deliver to functions of this process, by subscription name, until ``stop`` is set."""

    async def dead_letters(
        self, limit: int, *, tenant: str | None = None, reason: str | None = None, before: Place | None = None
    ) -> list[DeadLetter]:
        """What was set aside, newest first, from just after a place; without a ``tenant`` of all of them."""

    async def dead_letter(self, dead_letter_id: str, *, tenant: str | None = None) -> DeadLetter:
        """One of them. Raises ``DeadLetterUnknown``, also for another tenant's."""

    async def replay(self, dead_letter_id: str, *, tenant: str | None = None) -> None:
        """Deliver a dead letter again, with all its attempts. Raises ``DeadLetterUnknown``, ``SubscriptionGone``."""

    async def discard(self, dead_letter_id: str, *, tenant: str | None = None) -> None:
        """Forget a dead letter. Raises ``DeadLetterUnknown``."""

    async def keep_dead_letters(self, stop: asyncio.Event, /) -> int:
        """Take over what the platform gave up by itself, so that it is listed; returns how many messages that were."""


class PoisonMessage(Problem):
    """A message that no version of its reader understands."""

    code: ClassVar[str] = "POISON_MESSAGE"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The message cannot be read"
    recovery: ClassVar[str] = "Correct whoever publishes it, or deploy a reader that knows its schema; then replay it."


class DeadLetterUnknown(Problem):
    """There is no such dead letter, or it was replayed already."""

    code: ClassVar[str] = "DEAD_LETTER_UNKNOWN"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "No such dead letter"
    recovery: ClassVar[str] = "List the dead letters again: this one may have been replayed by somebody else."


class SubscriptionGone(Problem):
    """The subscription a dead letter belongs to was removed."""

    code: ClassVar[str] = "SUBSCRIPTION_GONE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Nobody subscribes under this name any more"
    recovery: ClassVar[str] = "Start the subscriber, which declares its subscription, then replay the dead letter."


def final(error: Exception) -> Outcome | None:
    """How a message ends whose handler raised this; None when another delivery may help."""
    if isinstance(error, PoisonMessage):
        return "poison"
    if isinstance(error, Problem) and error.kind in _FINAL and not error.retryable:
        return "refused"
    return None

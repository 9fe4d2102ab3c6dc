"""What other teams import: ``@subscribe("data.ingestion.completed")`` makes a function an event handler.

    @subscribe("data.ingestion.completed", secret=os.environ["HEADRACE_SECRET"])
    def load(event: DataIngestionCompleted) -> None:
        copy(event.gcs_path)

Serve it as a web application (``uvicorn pipeline:load.asgi``), or hand requests of any other server to ``load.handle``.

A push subscription of Pub/Sub sends the same request, once its payload is unwrapped and its metadata written. It is not
signed: leave ``secret`` out, and let Cloud Run (or whoever stands in front) check the token that comes with it.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from schemas.asgi import App, post_endpoint
from schemas.catalogue import event_type
from schemas.envelope import Envelope
from schemas.event import Event
from schemas.store import PostgresSeen

__all__ = ["MemorySeen", "PostgresSeen", "Result", "Seen", "Subscriber", "subscribe"]

E = TypeVar("E", bound=Event)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """The answer to a push: any status below 300 means that the event need not come again."""

    status: int
    reason: str = ""


class Seen(Protocol):
    """A memory of handled events. What was added is known from then on, for longer than an event may be repeated."""

    async def has(self, subscriber: str, event_id: str) -> bool:
        """Whether this subscriber handled the event."""

    async def add(self, subscriber: str, event_id: str) -> None:
        """Remember that this subscriber handled the event."""


class MemorySeen:
    """Remembers the newest ``capacity`` events of one process; after a restart they are handled again if repeated."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._events: dict[tuple[str, str], None] = {}

    async def has(self, subscriber: str, event_id: str) -> bool:
        """See ``Seen.has``."""
        return (subscriber, event_id) in self._events

    async def add(self, subscriber: str, event_id: str) -> None:
        """See ``Seen.add``."""
        self._events[subscriber, event_id] = None
        if len(self._events) > self._capacity:
            del self._events[next(iter(self._events))]


class Refusal(Exception):
    """A request that is not answered by the function."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.result = Result(status, reason)


class Subscriber(Generic[E]):
    """A function that handles events pushed to it. Calling it calls the function, as in its tests.

    Each event is handled until the function returned once; a repetition is acknowledged without it. Repetitions that
    come while a process still handles the first are told to come back later.
    """

    def __init__(
        self, function: Callable[[E], object], event_type: type[E], *, secret: str | None, seen: Seen, name: str
    ) -> None:
        self.function = function
        self.event_type = event_type
        self.name = name
        self.asgi: App = post_endpoint(self.handle)
        self._webhook = Webhook(secret) if secret is not None else None
        self._seen = seen
        self._running: set[str] = set()

    def __call__(self, event: E) -> object:
        """Call the function itself."""
        return self.function(event)

    async def handle(self, headers: Mapping[str, str], body: bytes) -> Result:
        """Answer one push; names of headers in any case.

        204: handled now or before. 400: not readable. 401: not signed with our secret. 409: still being handled.
        500: the function or the memory failed, which is logged; the event comes again.
        """
        try:
            envelope = self._authentic(headers, body)
            event = self._decoded(envelope)
        except Refusal as refusal:
            return refusal.result
        if envelope.id in self._running:
            return Result(409, "still being handled")
        self._running.add(envelope.id)
        try:
            return await self._once(envelope.id, event)
        except Exception:
            log.exception("%s failed on event %s", self.name, envelope.id)
            return Result(500, "the function failed")
        finally:
            self._running.discard(envelope.id)

    async def _once(self, event_id: str, event: E) -> Result:
        if await self._seen.has(self.name, event_id):
            return Result(204, "handled before")
        if inspect.iscoroutinefunction(self.function):
            await self.function(event)
        else:
            outcome = await asyncio.to_thread(self.function, event)
            if inspect.isawaitable(outcome):
                await cast("Awaitable[object]", outcome)
        await self._seen.add(self.name, event_id)  # only now: a crash before this line must bring the event back
        return Result(204)

    def _authentic(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        given = {name.lower(): value for name, value in headers.items()}
        if self._webhook is not None:
            try:
                self._webhook.verify(body, given, json_parse=False)
            except (WebhookVerificationError, ValueError) as error:
                raise Refusal(401, f"signature: {error}") from error
        try:
            envelope = Envelope.from_http(given, body)
        except ValueError as error:
            raise Refusal(400, "not a CloudEvent in binary mode") from error
        # The signature covers webhook-id, not ce-id: only if they agree can the event's id be trusted.
        if self._webhook is not None and given["webhook-id"] != envelope.id:
            raise Refusal(401, "webhook-id and ce-id differ")
        return envelope

    def _decoded(self, envelope: Envelope) -> E:
        if envelope.type != self.event_type.topic:
            raise Refusal(400, f"{envelope.type} came where {self.event_type.topic} is read")
        try:
            return self.event_type.model_validate(envelope.data)
        except ValidationError as error:
            raise Refusal(400, f"{error.error_count()} fields are missing or wrong") from error


def subscribe(
    topic: str, *, secret: str | None = None, seen: Seen | None = None, name: str | None = None
) -> Callable[[Callable[[E], object]], Subscriber[E]]:
    """Make a function, sync or async, a handler of a topic's events.

    ``secret`` is what the subscription's creation answered (``whsec_...``); without it requests are not verified.
    ``seen`` remembers handled events, by default in memory; ``name`` is the function's place in that memory, by
    default its module and name. Raises ``UnknownTopic``, and ``TypeError`` if the function expects another event.
    """
    found = event_type(topic)

    def decorate(function: Callable[[E], object]) -> Subscriber[E]:
        expected = _expected(function)
        if isinstance(expected, type) and issubclass(expected, Event) and not issubclass(found, expected):
            msg = f"{topic} brings {found.__name__}, but the function takes {expected.__name__}"
            raise TypeError(msg)
        place = name or f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
        memory = seen if seen is not None else MemorySeen()
        return Subscriber(function, cast("type[E]", found), secret=secret, seen=memory, name=place)

    return decorate


def _expected(function: Callable[..., Any]) -> Any:
    parameters = list(inspect.signature(function).parameters.values())
    return parameters[0].annotation if parameters else None

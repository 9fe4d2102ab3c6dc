"""The HTTP face of events for other teams: wiring only."""

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse

from infra.postgres.database import Database
from infra.postgres.log_cursor import Cursor, CursorExpired, InvalidCursor
from infra.runtime.auth.scoped import Operating, Reading
from infra.runtime.events.feed import TooManyStreams
from infra.runtime.http.answers import problems
from infra.runtime.http.event_stream import LIFETIME_S, closing, event_stream
from infra.runtime.http.faces import Service
from infra.runtime.http.measured import measures
from infra.runtime.http.streams import Streams, streams
from infra.runtime.runtime import Runtime
from schemas.catalogue import UnknownTopic, event_type
from services.events.feed import Feed
from services.events.list_events import list_events
from services.events.push_url import PushUrlRefused
from services.events.store.log import Wanted
from services.events.stream_events import stream_events
from services.events.subscriptions import (
    NewSubscription,
    SubscriptionUnknown,
    create_subscription,
    delete_subscription,
    list_subscriptions,
)

_Subject = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]
_STREAM = {
    200: {"content": {"text/event-stream": {}}},
    **problems(InvalidCursor, UnknownTopic, TooManyStreams),
}


def feed(runtime: Runtime) -> Feed:
    """The live end of the log, one a process."""
    made = Feed(runtime.database)
    if measures(runtime.settings):
        from infra.runtime.telemetry.metrics import metrics  # noqa: PLC0415  # it takes a while to load

        runtime.once(metrics).readers.labels("events").set_function(lambda: made.readers)
    return made


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """What must run beside the routes: whoever closes the streams, as soon as the process is to stop."""
    async with closing(runtime, feed):
        yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    private = runtime.settings.alone
    return routes(runtime.database, feed=runtime.once(feed), streams=runtime.once(streams), private_urls=private)


def routes(
    database: Database, *, feed: Feed, streams: Streams, private_urls: bool, lifetime_s: float = LIFETIME_S
) -> APIRouter:
    """The routes. ``private_urls`` allows pushes to loopback and inner networks."""
    made = APIRouter(prefix="/api/v1/events", tags=["events"])
    _reading(made, database, feed=feed, streams=streams, lifetime_s=lifetime_s)
    _subscribing(made, database, private_urls=private_urls)
    return made


def _reading(made: APIRouter, database: Database, *, feed: Feed, streams: Streams, lifetime_s: float) -> None:
    @made.get("", responses=problems(InvalidCursor, CursorExpired, UnknownTopic))
    async def events(
        caller: Reading,
        type: str | None = None,  # noqa: A002  # the name in the query
        crawl_id: _Subject = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Published events as CloudEvents, oldest first. An empty page: nothing more yet, ask again with its token."""
        wanted = Wanted(tenant=caller.tenant, type=type, crawl_id=crawl_id)
        return await list_events(wanted, after=after, limit=limit, database=database)

    @made.get("/stream", response_class=EventSourceResponse, responses=_STREAM)
    async def stream(
        caller: Reading,
        type: str | None = None,  # noqa: A002  # see above
        crawl_id: _Subject = None,
        after: str | None = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:
        """Published events as server-sent events, from the place in Last-Event-ID or `after`, else from now on."""
        if type is not None:
            event_type(type)
        place = last_event_id or after
        cursor = Cursor.parse(place) if place else None
        feed.check_room()
        wanted = Wanted(tenant=caller.tenant, type=type, crawl_id=crawl_id)
        frames = stream_events(wanted, after=cursor, feed=feed, lifetime_s=lifetime_s)
        return event_stream(frames, feed=feed, caller=caller, streams=streams)


def _subscribing(made: APIRouter, database: Database, *, private_urls: bool) -> None:
    @made.post("/subscriptions", status_code=201, responses=problems(UnknownTopic, PushUrlRefused))
    async def subscribe(new: NewSubscription, caller: Operating) -> dict[str, Any]:
        """Have events pushed to an endpoint. Keep the secret: it signs every push and is not shown again."""
        return await create_subscription(
            new,
            subscription_id=uuid4(),
            secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            tenant=caller.tenant,
            private_urls=private_urls,
            database=database,
        )

    @made.get("/subscriptions")
    async def subscriptions(caller: Reading) -> dict[str, Any]:
        """All subscriptions, with what waits for each and its last failure."""
        return await list_subscriptions(tenant=caller.tenant, database=database)

    @made.delete("/subscriptions/{subscription_id}", status_code=204, responses=problems(SubscriptionUnknown))
    async def unsubscribe(subscription_id: str, caller: Operating) -> None:
        """End a subscription; what it has not received is dropped."""
        await delete_subscription(subscription_id, tenant=caller.tenant, database=database)


app = Service("events")

"""Another team: its endpoints, its subscriptions, and what is on the way to it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web
from msgspec.structs import replace

from infra.postgres.database import Database
from schemas.envelope import Envelope
from schemas.event import Event, envelop
from services.events.subscriptions import NewSubscription, create_subscription

SECRET = "whsec_" + "a2V5" * 8
Open = Callable[..., Awaitable["Endpoint"]]


def envelope(event: Event, tenant: str = "default") -> Envelope:
    told = envelop(event, time=datetime(2025, 11, 22, tzinfo=UTC), tenant=tenant)
    return replace(told, traceparent=f"00-{'ab' * 16}-{'cd' * 8}-01")


@dataclass
class Endpoint:
    """Another team's service."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.inside += 1
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        await self.open.wait()
        self.inside -= 1
        return web.Response(status=self.status)

    @property
    def ids(self) -> list[str]:
        return [headers["ce-id"] for headers, _ in self.got]


async def subscribed(database: Database, url: str, *, topic: str = "crawl.failed", tenant: str = "default") -> str:
    made = await create_subscription(
        NewSubscription(topic=topic, push_url=url),
        subscription_id=uuid4(),
        secret=SECRET,
        tenant=tenant,
        private_urls=True,
        database=database,
    )
    return str(made["id"])


async def all_due(database: Database) -> None:
    """All pauses are over."""
    await database.pool.execute("UPDATE pushes SET due_at = now()")


async def count(database: Database) -> int:
    return int(await database.pool.fetchval("SELECT count(*) FROM pushes"))

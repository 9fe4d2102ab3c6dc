"""An endpoint that receives alerts, and what it is told."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook as Verifier

from services.jobs.alerts.notice import Notice

SECRET = "whsec_" + base64.b64encode(b"a secret of the operator").decode()
OTHER = "whsec_" + base64.b64encode(b"a secret of somebody else").decode()
WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOTICE = Notice(
    change="raised",
    alert_id=UUID(int=7),
    rule="failure_rate",
    subject="drill",
    level="warning",
    message="High failure rate: 15% (drill)",
    value=0.15,
    raised_at=WHEN,
)


class Endpoint:
    """Keeps what it was sent, and answers as told."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.headers: dict[str, str] = {}
        self.had: list[tuple[dict[str, str], str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.had.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def receiving() -> AsyncIterator[Endpoint]:
    """A served endpoint."""
    made, app = Endpoint(), web.Application()
    app.router.add_post("/hook", made.take)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/hook"))
    yield made
    await server.close()


def verified(secret: str, headers: dict[str, str], body: str) -> Any:
    return Verifier(secret).verify(body, {name.lower(): value for name, value in headers.items()})

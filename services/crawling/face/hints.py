"""The routes by which providers say that something is done. They know us by a secret of the crawl's own."""

from typing import Annotated

from fastapi import APIRouter, Header, Request

from infra.runtime.http.answers import problems
from infra.runtime.http.guard import RequestTimeout
from infra.runtime.runtime import Runtime
from services.crawling.accept_webhook import WebhookRefused, WebhookUnknown, accept_webhook
from services.crawling.face.webhook_hint import snapshot_of


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/v1", tags=["crawling"])

    @made.post("/webhooks/bright_data", responses=problems(WebhookUnknown, WebhookRefused, RequestTimeout))
    async def webhook(request: Request, authorization: Annotated[str | None, Header()] = None) -> dict[str, str]:
        """Bright Data's hint that a snapshot is done."""
        await accept_webhook(
            provider="bright_data",
            snapshot_id=snapshot_of(await request.body(), request.headers),
            authorization=authorization,
            database=runtime.database,
        )
        return {"status": "ok"}

    return made

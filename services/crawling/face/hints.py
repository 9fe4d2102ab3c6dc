"""The routes by which providers say that something is done. They prove it by a secret."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from infra.runtime.http.answers import problems
from infra.runtime.http.guard import RequestTimeout
from infra.runtime.runtime import Runtime
from services.crawling.accept_delivery import DeliveryTooLarge, WebhookUnsigned, accept_delivery
from services.crawling.accept_webhook import WebhookRefused, WebhookUnknown, accept_webhook
from services.crawling.face.webhook_hint import snapshot_of
from services.crawling.providers.firecrawl.webhook import delivery_of, is_signed, secrets_of

Ours = Annotated[str | None, Query(description="Part of the address that an order names, for look-ups; not read.")]


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/v1", tags=["crawling"])

    @made.post("/webhooks/bright_data", responses=problems(WebhookUnknown, WebhookRefused, RequestTimeout))
    async def webhook(
        request: Request, authorization: Annotated[str | None, Header()] = None, crawl_id: Ours = None
    ) -> dict[str, str]:
        """Bright Data's hint that a snapshot is done."""
        del crawl_id
        await accept_webhook(
            provider="bright_data",
            snapshot_id=snapshot_of(await request.body(), request.headers),
            authorization=authorization,
            database=runtime.database,
        )
        return {"status": "ok"}

    refused = problems(WebhookUnknown, WebhookUnsigned, DeliveryTooLarge, RequestTimeout)
    secrets = secrets_of(runtime.settings.firecrawl_webhook_secret)

    @made.post("/webhooks/firecrawl", responses=refused)
    async def firecrawl(
        request: Request,
        x_firecrawl_signature: Annotated[str | None, Header()] = None,
        authorization: Annotated[str | None, Header()] = None,
        crawl_id: Ours = None,
    ) -> dict[str, str]:
        """Firecrawl's hint that a job began or ended, signed."""
        del crawl_id
        body, signature = await request.body(), x_firecrawl_signature or ""
        signed = is_signed(body, signature, secrets)
        if not signed and (signature or not runtime.settings.firecrawl_unsigned_webhooks):
            raise WebhookUnsigned
        await accept_delivery(
            delivery_of(body, encoding=request.headers.get("content-encoding", "")),
            provider="firecrawl",
            signed=signed,
            authorization=authorization,
            database=runtime.database,
        )
        return {"status": "ok"}

    return made

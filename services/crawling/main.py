"""The HTTP face of crawling: wiring only."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from infra.runtime.answers import problems
from infra.runtime.guard import RequestTimeout
from infra.runtime.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from infra.runtime.settings import Settings
from schemas.stored_object import ObjectMissing
from services.crawling.accept_webhook import WebhookRefused, WebhookUnknown, accept_webhook
from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.crawl_status import crawl_status
from services.crawling.download_crawl import SnapshotGone, SnapshotNotReady, download_crawl
from services.crawling.face.answer import answer
from services.crawling.face.read_order import read_order
from services.crawling.face.submissions import Submissions
from services.crawling.face.webhook_hint import snapshot_of
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.fetch_result import NoResult, fetch_result
from services.crawling.list_crawls import list_crawls
from services.crawling.order import Order
from services.crawling.pause_crawl import pause_crawl
from services.crawling.phase import CrawlNotFound, IllegalCommand
from services.crawling.provider_options import UnknownProvider
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SnapshotMissing,
)
from services.crawling.resume_crawl import resume_crawl
from services.crawling.retry_crawl import WouldBuyAgain, retry_crawl
from services.crawling.submit_crawl import submit_crawl
from services.crawling.trigger_crawl import IdempotencyInProgress, trigger_crawl
from services.crawling.wiring import Crawling, crawling
from services.jobs.engine.terms import terms
from services.jobs.engine.worker import Worker
from services.jobs.job import Work
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import QueueFull

TENANT = "default"
NDJSON = "application/x-ndjson"
_ORDER = (UnknownProvider, IdempotencyMismatch, IdempotencyInProgress, QueueFull)
_COMMAND = (CrawlNotFound, IllegalCommand)
_ANEW = (*_COMMAND, QueueFull)
_LOOK = (
    SnapshotNotReady,
    SnapshotGone,
    SnapshotMissing,
    ProviderRejected,
    ProviderAuth,
    ProviderRateLimited,
    ProviderUnavailable,
)


def submissions(runtime: Runtime) -> Submissions:
    """The orders this process sends while callers wait."""
    context = runtime.once(crawling)
    run = partial(submit_crawl, database=context.database, providers=context.providers, policy=context.policy)
    worker = Worker(
        database=runtime.database,
        queue="submit",
        work={"crawl": Work(run=run, failed=crawl_failed, stage=stage_of)},
        name=f"{runtime.name}-face",
        lease_seconds=runtime.settings.lease_seconds,
        terms=terms(runtime.settings),
    )
    return Submissions(worker)


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """What must run beside the routes."""
    async with runtime.once(submissions).open():
        yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    routes = APIRouter(prefix="/api/v1", tags=["crawling"])
    _trigger(routes, runtime, runtime.once(crawling))
    _questions(routes, runtime.once(crawling))
    _commands(routes, runtime.once(crawling))
    return routes


def _trigger(routes: APIRouter, runtime: Runtime, context: Crawling) -> None:
    schema = {"requestBody": {"content": {"application/json": {"schema": Order.model_json_schema()}}, "required": True}}
    options = {name: provider.options for name, provider in context.providers.items()}

    @routes.post("/crawl/trigger", status_code=202, openapi_extra=schema, responses=problems(*_ORDER))
    async def trigger(
        request: Request,
        idempotency_key: Annotated[str | None, Header()] = None,
        prefer: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Order a crawl. 202 means it is ours: everything after stands in its status and in events."""
        order, meant = read_order(await request.body(), options=options)
        key = read_key(idempotency_key, meant)
        later = "respond-async" in (prefer or "").lower()
        sending = runtime.once(submissions)
        accepted = await trigger_crawl(
            order,
            crawl_id=uuid4(),
            key=key,
            tenant=TENANT,
            webhook_token=secrets.token_urlsafe(32),
            worker=None if later else sending.worker.name,
            database=context.database,
            policy=context.policy,
        )
        if accepted.job is not None:
            await sending.submit(accepted.job, wait_seconds=_patience(runtime.settings))
        body = accepted.answer or await answer(
            accepted.crawl_id,
            key=key,
            tenant=TENANT,
            polling_enabled=context.policy.polling_enabled,
            database=context.database,
        )
        return Response(
            body,
            status_code=202,
            media_type="application/json",
            headers={"Location": f"/api/v1/crawl/{accepted.crawl_id}/status"},
        )


def _patience(settings: Settings) -> float | None:
    return settings.submit_wait_seconds if settings.immediate_response else None


async def _status(context: Crawling, crawl_id: UUID) -> dict[str, Any]:
    polls = context.policy.polling_enabled
    return await crawl_status(crawl_id, tenant=TENANT, database=context.database, polling_enabled=polls)


def _questions(routes: APIRouter, context: Crawling) -> None:
    @routes.get("/crawl", responses=problems(InvalidPage))
    async def crawls(
        status: str | None = None,
        page_size: Annotated[int, Query(ge=1, le=200)] = 50,
        page_token: str | None = None,
    ) -> dict[str, Any]:
        """Crawls, newest first; status is active, completed, failed or cancelled."""
        return await list_crawls(
            tenant=TENANT,
            status=status,
            page_size=page_size,
            page_token=page_token,
            database=context.database,
            polling_enabled=context.policy.polling_enabled,
        )

    @routes.get("/crawl/{crawl_id}/status", responses=problems(CrawlNotFound))
    async def status(crawl_id: str) -> dict[str, Any]:
        """Where a crawl is, why, and what can be done."""
        return await _status(context, _id(crawl_id))

    lines: dict[int | str, dict[str, Any]] = {
        200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
        **problems(CrawlNotFound, NoResult, ObjectMissing),
    }

    @routes.get("/crawl/{crawl_id}/result", response_class=StreamingResponse, responses=lines)
    async def result(crawl_id: str) -> StreamingResponse:
        """The stored records, one provider record a line, unchanged."""
        blocks = await fetch_result(_id(crawl_id), tenant=TENANT, database=context.database, lake=context.lake)
        return StreamingResponse(blocks, media_type=NDJSON)


def _commands(routes: APIRouter, context: Crawling) -> None:
    async def said(crawl_id: UUID, message: str) -> dict[str, Any]:
        status = await _status(context, crawl_id)
        return {
            "status": "success",
            "message": message,
            **{k: status[k] for k in ("crawl_id", "attempt", "snapshot_id", "pipeline_status")},
        }

    @routes.post("/crawl/{crawl_id}/download", status_code=202, responses=problems(*_ANEW, *_LOOK))
    async def download(crawl_id: str) -> dict[str, Any]:
        """Fetch a finished snapshot by hand; buys nothing."""
        await download_crawl(
            _id(crawl_id),
            tenant=TENANT,
            database=context.database,
            providers=context.providers,
            policy=context.policy,
        )
        return await said(_id(crawl_id), "Download started")

    @routes.post("/crawl/{crawl_id}/retry-background", status_code=202, responses=problems(*_ANEW, WouldBuyAgain))
    async def retry(crawl_id: str, *, repurchase: bool = False) -> dict[str, Any]:
        """Run an ended crawl again; buys again only where the snapshot is gone, or with repurchase=true."""
        await retry_crawl(
            _id(crawl_id), tenant=TENANT, repurchase=repurchase, database=context.database, policy=context.policy
        )
        return await said(_id(crawl_id), "Background processing restarted")

    @routes.post("/crawl/{crawl_id}/cancel", status_code=202, responses=problems(*_COMMAND))
    async def cancel(crawl_id: str) -> dict[str, Any]:
        """Cancel a crawl wherever it is."""
        await cancel_crawl(_id(crawl_id), tenant=TENANT, database=context.database)
        return await said(_id(crawl_id), "Cancellation accepted")

    @routes.post("/crawl/{crawl_id}/pause", status_code=202, responses=problems(*_COMMAND))
    async def pause(crawl_id: str) -> dict[str, Any]:
        """Put a crawl aside; an order that may be on its way waits until its fate is known."""
        await pause_crawl(_id(crawl_id), tenant=TENANT, database=context.database)
        return await said(_id(crawl_id), "Pause accepted")

    @routes.post("/crawl/{crawl_id}/resume", status_code=202, responses=problems(*_COMMAND))
    async def resume(crawl_id: str) -> dict[str, Any]:
        """Let a paused crawl go on where it was; buys nothing again."""
        await resume_crawl(_id(crawl_id), tenant=TENANT, database=context.database)
        return await said(_id(crawl_id), "Background processing resumed")

    @routes.post("/webhooks/bright_data", responses=problems(WebhookUnknown, WebhookRefused, RequestTimeout))
    async def webhook(request: Request, authorization: Annotated[str | None, Header()] = None) -> dict[str, str]:
        """Bright Data's hint that a snapshot is done."""
        await accept_webhook(
            provider="bright_data",
            snapshot_id=snapshot_of(await request.body(), request.headers),
            authorization=authorization,
            database=context.database,
        )
        return {"status": "ok"}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CrawlNotFound from error

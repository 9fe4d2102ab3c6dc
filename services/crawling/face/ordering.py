"""The route that orders a crawl."""

import secrets
from functools import partial
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Header, Request, Response

from infra.runtime.auth.scoped import Triggering
from infra.runtime.configuration.settings import Settings
from infra.runtime.http.answers import problems
from infra.runtime.runtime import Runtime
from services.crawling.face.answer import answer
from services.crawling.face.read_order import read_order
from services.crawling.face.submissions import Submissions
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.order import Order
from services.crawling.provider_options import UnknownProvider
from services.crawling.spending.budget import BudgetExceeded
from services.crawling.submit_crawl import submit_crawl
from services.crawling.trigger_crawl import IdempotencyInProgress, trigger_crawl
from services.crawling.wiring import crawling
from services.jobs.engine.terms import terms
from services.jobs.engine.worker import Worker
from services.jobs.job import Work
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import QueueFull

_REFUSED = (UnknownProvider, BudgetExceeded, IdempotencyMismatch, IdempotencyInProgress, QueueFull)


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


def routes(runtime: Runtime) -> APIRouter:
    """The route that orders."""
    made, context = APIRouter(prefix="/api/v1", tags=["crawling"]), runtime.once(crawling)
    schema = {"requestBody": {"content": {"application/json": {"schema": Order.model_json_schema()}}, "required": True}}

    @made.post("/crawl/trigger", status_code=202, openapi_extra=schema, responses=problems(*_REFUSED))
    async def trigger(
        request: Request,
        caller: Triggering,
        idempotency_key: Annotated[str | None, Header()] = None,
        prefer: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Order a crawl. 202 means it is ours: everything after stands in its status and in events."""
        order, meant = read_order(await request.body(), providers=context.providers)
        key = read_key(idempotency_key, meant)
        later = "respond-async" in (prefer or "").lower()
        sending = runtime.once(submissions)
        accepted = await trigger_crawl(
            order,
            crawl_id=uuid4(),
            key=key,
            tenant=caller.tenant,
            created_by=caller.name,
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
            tenant=caller.tenant,
            polling_enabled=context.policy.polling_enabled,
            database=context.database,
        )
        return Response(
            body,
            status_code=202,
            media_type="application/json",
            headers={"Location": f"/api/v1/crawl/{accepted.crawl_id}/status"},
        )

    return made


def _patience(settings: Settings) -> float | None:
    return settings.submit_wait_seconds if settings.immediate_response else None

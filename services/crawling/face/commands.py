"""The routes that command a crawl."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Operating
from infra.runtime.http.answers import problems
from infra.runtime.runtime import Runtime
from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.crawl_status import crawl_status
from services.crawling.download_crawl import SnapshotGone, SnapshotNotReady, download_crawl
from services.crawling.erasing.erased import CrawlErased
from services.crawling.face.crawl_id import crawl_id_of
from services.crawling.history.archived_crawl import CrawlArchived, not_at_hand
from services.crawling.pause_crawl import pause_crawl
from services.crawling.phase import CrawlNotFound, IllegalCommand
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SnapshotMissing,
)
from services.crawling.resume_crawl import resume_crawl
from services.crawling.retry_crawl import WouldBuyAgain, retry_crawl
from services.crawling.spending.budget import BudgetExceeded
from services.crawling.wiring import Crawling, crawling
from services.jobs.submitting.room import QueueFull

_COMMAND = (CrawlNotFound, CrawlArchived, CrawlErased, IllegalCommand)
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


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject. Each answers the crawl as the command left it."""
    made = APIRouter(prefix="/api/v1/crawl/{crawl_id}", tags=["crawling"])
    context = runtime.once(crawling)

    async def said(crawl_id: UUID, caller: Caller, message: str) -> dict[str, Any]:
        status = await crawl_status(
            crawl_id,
            tenant=caller.tenant,
            database=context.database,
            history=context.history,
            polling_enabled=context.policy.polling_enabled,
        )
        return {
            "status": "success",
            "message": message,
            **{k: status[k] for k in ("crawl_id", "attempt", "snapshot_id", "pipeline_status")},
        }

    @made.post("/download", status_code=202, responses=problems(*_ANEW, *_LOOK))
    async def download(crawl_id: str, caller: Operating) -> dict[str, Any]:
        """Fetch a finished snapshot by hand; buys nothing."""
        async with _commanded(crawl_id, caller, context) as one:
            await download_crawl(
                one,
                tenant=caller.tenant,
                database=context.database,
                providers=context.providers,
                policy=context.policy,
            )
        return await said(one, caller, "Download started")

    @made.post("/retry-background", status_code=202, responses=problems(*_ANEW, WouldBuyAgain, BudgetExceeded))
    async def retry(crawl_id: str, caller: Operating, *, repurchase: bool = False) -> dict[str, Any]:
        """Run an ended crawl again; buys again only where the snapshot is gone, or with repurchase=true."""
        async with _commanded(crawl_id, caller, context) as one:
            await retry_crawl(
                one, tenant=caller.tenant, repurchase=repurchase, database=context.database, policy=context.policy
            )
        return await said(one, caller, "Background processing restarted")

    @made.post("/cancel", status_code=202, responses=problems(*_COMMAND))
    async def cancel(crawl_id: str, caller: Operating) -> dict[str, Any]:
        """Cancel a crawl wherever it is."""
        async with _commanded(crawl_id, caller, context) as one:
            await cancel_crawl(one, tenant=caller.tenant, database=context.database)
        return await said(one, caller, "Cancellation accepted")

    @made.post("/pause", status_code=202, responses=problems(*_COMMAND))
    async def pause(crawl_id: str, caller: Operating) -> dict[str, Any]:
        """Put a crawl aside; an order that may be on its way waits until its fate is known."""
        async with _commanded(crawl_id, caller, context) as one:
            await pause_crawl(one, tenant=caller.tenant, database=context.database)
        return await said(one, caller, "Pause accepted")

    @made.post("/resume", status_code=202, responses=problems(*_COMMAND))
    async def resume(crawl_id: str, caller: Operating) -> dict[str, Any]:
        """Let a paused crawl go on where it was; buys nothing again."""
        async with _commanded(crawl_id, caller, context) as one:
            await resume_crawl(one, tenant=caller.tenant, database=context.database)
        return await said(one, caller, "Background processing resumed")

    return made


@asynccontextmanager
async def _commanded(text: str, caller: Caller, context: Crawling) -> AsyncIterator[UUID]:
    one = crawl_id_of(text)
    try:
        yield one
    except CrawlNotFound as unknown:
        raise await not_at_hand(
            one, tenant=caller.tenant, database=context.database, warehouse=context.history
        ) from unknown

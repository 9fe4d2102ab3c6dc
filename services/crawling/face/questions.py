"""The routes that ask: crawls, one crawl, its result."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from schemas.stored_object import ObjectMissing
from services.crawling.crawl_status import crawl_status
from services.crawling.erasing.erased import CrawlErased
from services.crawling.face.crawl_id import crawl_id_of
from services.crawling.fetch_result import fetch_result
from services.crawling.link_result import link_result
from services.crawling.list_crawls import list_crawls
from services.crawling.phase import CrawlNotFound
from services.crawling.proven_object import NoResult
from services.crawling.wiring import crawling

NDJSON = "application/x-ndjson"


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, context = APIRouter(prefix="/api/v1", tags=["crawling"]), runtime.once(crawling)

    @made.get("/crawl", responses=problems(InvalidPage))
    async def crawls(
        caller: Reading,
        status: str | None = None,
        page_size: Annotated[int, Query(ge=1, le=200)] = 50,
        page_token: str | None = None,
    ) -> dict[str, Any]:
        """Crawls, newest first; status is active, completed, failed or cancelled."""
        return await list_crawls(
            tenant=caller.tenant,
            status=status,
            page_size=page_size,
            page_token=page_token,
            database=context.database,
            polling_enabled=context.policy.polling_enabled,
        )

    @made.get("/crawl/{crawl_id}/status", responses=problems(CrawlNotFound, CrawlErased, WarehouseUnavailable))
    async def status(crawl_id: str, caller: Reading) -> dict[str, Any]:
        """Where a crawl is, why, and what can be done."""
        return await crawl_status(
            crawl_id_of(crawl_id),
            tenant=caller.tenant,
            database=context.database,
            history=context.history,
            polling_enabled=context.policy.polling_enabled,
        )

    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
        307: {
            "description": "Fetch it there, for 15 minutes: the same lines as a gzip file (profile `gcp`). "
            f"With `Accept: {NDJSON}` they always come from here.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        **problems(CrawlNotFound, CrawlErased, NoResult, ObjectMissing, WarehouseUnavailable),
    }

    @made.get("/crawl/{crawl_id}/result", response_class=StreamingResponse, responses=answers)
    async def result(crawl_id: str, caller: Reading, accept: Annotated[str, Header()] = "") -> Response:
        """The stored records, one provider record a line, unchanged."""
        ours = {"database": context.database, "lake": context.lake, "history": context.history}
        asked: dict[str, Any] = {"tenant": caller.tenant, **ours}
        link = None if NDJSON in accept else await link_result(crawl_id_of(crawl_id), **asked)
        if link is not None:
            return RedirectResponse(link, headers={"Cache-Control": "no-store"})
        return StreamingResponse(await fetch_result(crawl_id_of(crawl_id), **asked), media_type=NDJSON)

    return made

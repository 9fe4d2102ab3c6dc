"""The route about media."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from services.crawling.erasing.erased import CrawlErased
from services.crawling.face.crawl_id import crawl_id_of
from services.crawling.media.list_media import list_media
from services.crawling.phase import CrawlNotFound
from services.crawling.wiring import crawling


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, context = APIRouter(prefix="/api/v1", tags=["crawling"]), runtime.once(crawling)

    @made.get(
        "/crawl/{crawl_id}/media", responses=problems(CrawlNotFound, CrawlErased, InvalidPage, WarehouseUnavailable)
    )
    async def links(
        crawl_id: str,
        caller: Reading,
        page_size: Annotated[int, Query(ge=1, le=200)] = 50,
        page_token: str | None = None,
    ) -> dict[str, Any]:
        """Every medium that the records link to, with its object or why it has none; none where nobody asked for it."""
        return await list_media(
            crawl_id_of(crawl_id),
            tenant=caller.tenant,
            page_size=page_size,
            page_token=page_token,
            database=context.database,
            lake=context.lake,
            history=context.history,
        )

    return made

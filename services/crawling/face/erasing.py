"""The route that erases."""

from typing import Any

from fastapi import APIRouter, Response

from infra.runtime.auth.scoped import Operating
from infra.runtime.http.answers import problems
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from services.crawling.erasing.order_erasure import order_erasure
from services.crawling.face.crawl_id import crawl_id_of
from services.crawling.phase import CrawlNotFound, IllegalCommand
from services.crawling.wiring import crawling
from services.jobs.submitting.room import QueueFull


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, context = APIRouter(prefix="/api/v1", tags=["crawling"]), runtime.once(crawling)

    @made.delete(
        "/crawl/{crawl_id}/data",
        status_code=202,
        responses=problems(CrawlNotFound, IllegalCommand, QueueFull, WarehouseUnavailable),
    )
    async def erase(crawl_id: str, caller: Operating, response: Response) -> dict[str, Any]:
        """Erase all that was stored of an ended crawl, in a job; asked again it answers the same job.

        Objects, rows of the warehouse and rows about the crawl go, of all attempts; what was bought stays counted.
        """
        ordered = await order_erasure(
            crawl_id_of(crawl_id),
            tenant=caller.tenant,
            asked_by=caller.name,
            room=context.policy.room,
            database=context.database,
            history=context.history,
        )
        response.headers["Location"] = f"/api/background/job/{ordered['job_id']}"
        return ordered

    return made

"""The HTTP face of crawling: wiring only. Each module of ``face`` with ``routes`` has those of one subject."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter

from infra.runtime.http.faces import Service
from infra.runtime.runtime import Runtime
from services.crawling.face import budgets, commands, erasing, hints, media, ordering, questions

PUBLIC = {"/api/v1/webhooks/bright_data", "/api/v1/webhooks/firecrawl"}
"""Who calls these shows a secret of the crawl's own, or signs with the account's."""


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """What must run beside the routes."""
    async with runtime.once(ordering.submissions).open():
        yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    made = APIRouter()
    for subject in (ordering, questions, commands, hints, budgets, erasing, media):
        made.include_router(subject.routes(runtime))
    return made


app = Service("crawling")

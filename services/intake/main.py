"""The HTTP face of intake: wiring only. Each module of ``face`` has the routes of one subject."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter

from infra.runtime.auth.caller import HOME
from infra.runtime.http.event_stream import closing
from infra.runtime.http.faces import Service
from infra.runtime.runtime import Runtime
from services.intake.data_sources.built_in import make_built_in
from services.intake.face import captures, data_sources, datasets, files, source_jobs, streaming
from services.jobs.reading.job_feed import job_feed

_SUBJECTS: tuple[Callable[[Runtime], APIRouter], ...] = (
    streaming.routes,  # before the ids that its path could be
    data_sources.routes,
    source_jobs.routes,
    captures.routes,
    files.routes,
    datasets.routes,
)

UPLOADS = {files.PATH}
"""Whose bodies are files, with bounds of their own."""


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """The built-in source is there first; whoever closes the streams runs beside the routes."""
    await make_built_in(tenant=HOME, database=runtime.database)
    async with closing(runtime, job_feed):
        yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    routes = APIRouter()
    for subject in _SUBJECTS:
        routes.include_router(subject(runtime))
    return routes


app = Service("intake")

"""The HTTP face of jobs: wiring only. Each module of ``face`` has the routes of one subject."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter

from infra.runtime.http.event_stream import closing
from infra.runtime.http.faces import Service
from infra.runtime.runtime import Runtime
from services.jobs.face import (
    batches,
    bulk,
    commands,
    dead_letters,
    queues,
    reading,
    schedules,
    streaming,
    submit,
    watching,
)
from services.jobs.reading.job_feed import job_feed
from services.jobs.submitting.batch import MOST_BYTES

BODY_LIMITS = {"/api/background/submit-batch": MOST_BYTES}

_SUBJECTS: tuple[Callable[[Runtime], APIRouter], ...] = (
    submit.routes,
    batches.routes,
    schedules.routes,
    reading.routes,
    streaming.routes,
    commands.routes,
    bulk.routes,
    queues.routes,
    dead_letters.routes,
    watching.routes,
)


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """What must run beside the routes: whoever closes the streams, as soon as the process is to stop."""
    async with closing(runtime, job_feed):
        yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    routes = APIRouter()
    for subject in _SUBJECTS:
        routes.include_router(subject(runtime))
    return routes


app = Service("jobs")

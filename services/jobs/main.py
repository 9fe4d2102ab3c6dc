"""The HTTP face of jobs: wiring only. Each module of ``face`` has the routes of one subject."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter

from infra.runtime.runtime import Runtime
from services.jobs.batch import MOST_BYTES
from services.jobs.face import batches, commands, queues, reading, schedules, submit, watching

BODY_LIMITS = {"/api/background/submit-batch": MOST_BYTES}

_SUBJECTS: tuple[Callable[[Runtime], APIRouter], ...] = (
    submit.routes,
    batches.routes,
    schedules.routes,
    reading.routes,
    commands.routes,
    queues.routes,
    watching.routes,
)


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:  # noqa: ARG001  # every face has this signature
    """Nothing runs beside the routes."""
    yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    routes = APIRouter()
    for subject in _SUBJECTS:
        routes.include_router(subject(runtime))
    return routes

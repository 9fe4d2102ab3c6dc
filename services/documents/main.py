"""The HTTP face of documents: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter

from infra.runtime.http.faces import Service
from infra.runtime.runtime import Runtime
from services.documents.face import documents, ontology, resources


@asynccontextmanager
async def lifespan(_: Runtime) -> AsyncIterator[None]:
    """Nothing runs beside the routes."""
    yield


def router(runtime: Runtime) -> APIRouter:
    """All routes of the context."""
    made = APIRouter()
    for part in (documents, ontology, resources):
        made.include_router(part.routes(runtime))
    return made


app = Service("documents")

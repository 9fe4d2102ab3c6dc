"""All faces as one web application: what the stack serves, and what the OpenAPI document describes."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp
from fastapi import FastAPI

from infra.embedded.bus import EmbeddedBus
from infra.embedded.lake import Lake
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime import topology
from infra.runtime.http import create_app
from infra.runtime.measured import measures
from infra.runtime.relay import Relay
from infra.runtime.runtime import Runtime
from infra.runtime.settings import Settings

if TYPE_CHECKING:
    from infra.runtime.metrics import Metrics


def faces(runtime: Runtime, services: Sequence[str]) -> FastAPI:
    """The faces of these services under one origin."""
    found = [topology.face(name) for name in services]
    return create_app(
        title="Headrace",
        routers=[face.router(runtime) for face in found],
        ready=[runtime.database.ping],
        body_seconds=runtime.settings.body_seconds,
        body_limits={path: limit for face in found for path, limit in getattr(face, "BODY_LIMITS", {}).items()},
        rate_limit=runtime.settings.rate_limit,
        metrics=_metrics(runtime),
        lifespan=_lifespan([face.lifespan for face in found], runtime),
    )


def _metrics(runtime: Runtime) -> "Metrics | None":
    if not measures(runtime.settings):
        return None
    from infra.runtime.metrics import metrics  # noqa: PLC0415  # it takes a while to load

    return runtime.once(metrics)


async def openapi(services: Sequence[str]) -> dict[str, Any]:
    """The OpenAPI document of these services' faces; nothing needs to run for it."""
    async with _unconnected() as runtime:
        return faces(runtime, services).openapi()


def _lifespan(parts: list[Callable[[Runtime], Any]], runtime: Runtime) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(part(runtime))
            yield

    return lifespan


@asynccontextmanager
async def _unconnected() -> AsyncIterator[Runtime]:
    """A runtime that reaches nothing: enough to build routes, of no use for requests."""
    database = Database(None)
    doorbell = Doorbell(database)
    with TemporaryDirectory() as folder:
        async with aiohttp.ClientSession() as session:
            bus = EmbeddedBus(database, doorbell=doorbell.bell("bus"), session=session)
            yield Runtime(
                settings=Settings.model_construct(data_dir=Path(folder)),
                database=database,
                doorbell=doorbell,
                bus=bus,
                relay=Relay(database, bus),
                lake=Lake(Path(folder)),
                session=session,
                name="nowhere",
            )

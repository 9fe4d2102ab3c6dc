"""The OpenAPI document of all faces; nothing needs to run for it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from infra.embedded.bus import EmbeddedBus
from infra.embedded.lake import Lake
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.configuration.settings import Settings
from infra.runtime.events.relay import Relay
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime


async def openapi(services: Sequence[str]) -> dict[str, Any]:
    """The OpenAPI document of these services' faces; nothing needs to run for it."""
    async with _unconnected() as runtime:
        return faces(runtime, services).openapi()


@asynccontextmanager
async def _unconnected() -> AsyncIterator[Runtime]:
    """A runtime that reaches nothing: enough to build routes, of no use for requests."""
    database = Database(None)
    doorbell = Doorbell(database)
    with TemporaryDirectory() as folder:
        async with aiohttp.ClientSession() as session:
            bus = EmbeddedBus(database, doorbell=doorbell.bell("bus"), session=session)
            yield Runtime(
                settings=Settings(data_dir=Path(folder)),
                database=database,
                doorbell=doorbell,
                bus=bus,
                relay=Relay(database, bus),
                lake=Lake(Path(folder)),
                session=session,
                name="nowhere",
            )

"""A service under plain uvicorn while Google says nothing: it still ends when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.contract.functions.conftest import Deploy

MOST_SECONDS = 8.0  # two less than Cloud Run gives
PATIENCE = 60.0


class Silent:
    """A server that takes what it is sent and never says a word."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            self.asked.set()
        writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[tuple[Silent, str]]:
    """The server and its address."""
    made = Silent()
    server = await asyncio.start_server(made.hear, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield made, f"{host}:{port}"
    server.close()


async def test_a_service_whose_events_nobody_takes_ends_in_time(
    serve: Deploy, http: aiohttp.ClientSession, silent: tuple[Silent, str], tmp_path: Path
) -> None:
    here = (tmp_path / "lake").as_uri()
    places = {"HEADRACE_LAKE_URL": here, "HEADRACE_WAREHOUSE_URL": here, "PUBSUB_EMULATOR_HOST": silent[1]}
    face = serve("jobs", HEADRACE_PROFILE="emulators", **places)
    await face.up(http)
    status, job = await face.ask(http, "POST", "/api/background/submit", json={"kind": "drill"})
    assert status == 202, job
    status, _ = await face.ask(http, "DELETE", f"/api/background/job/{job['job_id']}")
    assert status == 202
    await asyncio.wait_for(silent[0].asked.wait(), PATIENCE)

    assert await asyncio.to_thread(face.end) < MOST_SECONDS, face.said


async def test_a_service_whose_lake_says_nothing_ends_in_time_while_it_starts(
    serve: Deploy, silent: tuple[Silent, str]
) -> None:
    hosts = dict.fromkeys(("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"), f"http://{silent[1]}")
    face = serve("jobs", HEADRACE_PROFILE="emulators", PUBSUB_EMULATOR_HOST=silent[1], **hosts)
    await asyncio.wait_for(silent[0].asked.wait(), PATIENCE)

    assert await asyncio.to_thread(face.end) < MOST_SECONDS, face.said

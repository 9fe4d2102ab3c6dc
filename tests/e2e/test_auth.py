"""A system that asks who calls, from the first key to the first result; the key itself stays with its owner."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.conftest import HEADRACE, OURS, Api, System, order


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    running = System(folder, HEADRACE_AUTH="on", BACKGROUND_LOG_LEVEL="DEBUG")
    running.start_provider()
    running.start()
    yield running
    running.stop()


def headrace(system: System, *words: str) -> str:
    """What a command prints that runs beside the system."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    settings = {**clean, "HEADRACE_DATA_DIR": str(system.folder / "data")}
    done = subprocess.run([str(HEADRACE), *words], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def test_a_crawl_is_ordered_with_a_key_and_by_nobody_without(system: System, http: aiohttp.ClientSession) -> None:
    await system.ready(http)
    key = headrace(system, "key", "create", "--name", "e2e", "--scope", "trigger")
    refused, _ = await Api(http, system).post("/api/v1/crawl/trigger", order())
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as known:
        api = Api(known, system)
        found = await api.ended(await api.trigger())
        _, job = await api.get(f"/api/background/job/{found['crawl_id']}")
        paused, said = await api.post("/api/background/queue/pause")

    assert (refused, found["pipeline_status"], found["result"]["row_count"]) == (401, "completed", 5)
    assert job["created_by"] == "key:" + key.split("_")[1]
    assert (paused, said["scope"]) == (403, "operate")
    secret = key.split("_", 2)[2].encode()
    assert [str(file) for file in system.folder.rglob("*") if file.is_file() and secret in file.read_bytes()] == []
    assert key.split("_")[1] in system.log.read_text()  # who asked for the change is written down

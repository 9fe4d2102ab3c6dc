"""A running system for black-box tests: nothing of ours is imported, everything goes through its command and HTTP."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import aiohttp
import pytest

from tests.ports import kept_port

HEADRACE = Path(sys.executable).with_name("headrace")
# What a system under test does not inherit from whoever runs the tests.
OURS = (
    *("HEADRACE_", "BACKGROUND_", "BRIGHT_DATA_", "IMMEDIATE_", "JOB_", "MAX_", "OTEL_", "PROCESSING_"),
    *("FIRECRAWL_", "OPENAI_"),
    *("GOOGLE_CLOUD_", "PUBSUB_EMULATOR_", "STORAGE_EMULATOR_", "BIGQUERY_EMULATOR_"),
)
START_SECONDS = 60.0


class System:
    """``headrace up`` on a data directory of its own, with a simulator of its own process."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{kept_port()}"
        self.provider = f"http://127.0.0.1:{kept_port()}"
        self.settings = settings
        self.log = folder / "headrace.log"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start_provider(self) -> None:
        """The simulator; without it the provider is down."""
        port = self.provider.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "infra.local.simulators.bright_data", "--port", port]
        self._launch([*command, "--state-file", str(self.folder / "provider.jsonl")], {})

    def start(self) -> None:
        """The system; use ``ready`` to wait for it."""
        self._launch(
            [str(HEADRACE), "up"],
            {
                "HEADRACE_DATA_DIR": str(self.folder / "data"),
                "HEADRACE_PORT": self.url.rsplit(":", 1)[1],
                "BRIGHT_DATA_API_URL": self.provider,
                "BRIGHT_DATA_API_TOKEN": "CANARY-bright-data-token",
                "BACKGROUND_POLL_INTERVAL": "0.2",
                "HEADRACE_PUBLIC_URL": self.url,
                **self.settings,
            },
        )

    async def ready(self, http: aiohttp.ClientSession) -> None:
        """Wait until everything can be used."""
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends:
            try:
                async with http.get(f"{self.url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
        pytest.fail(f"not ready in {START_SECONDS:g} s:\n{self.log.read_text()[-2000:]}")

    def _launch(self, command: list[str], environment: dict[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                command, env={**clean, **environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._processes.append(process)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        self._processes.clear()


@dataclass
class Api:
    """Calls of a caller, and waiting as a caller waits."""

    http: aiohttp.ClientSession
    system: System

    async def trigger(self, sim: str = "ready_after:0.1,records:5", **more: Any) -> str:
        status, body = await self.post("/api/v1/crawl/trigger", order(sim, **more))
        assert status == 202, body
        return str(body["crawl_id"])

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.http.post(self.system.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.system.url + path) as answer:
            return answer.status, await answer.json(content_type=None)

    async def status(self, crawl_id: str) -> Any:
        return (await self.get(f"/api/v1/crawl/{crawl_id}/status"))[1]

    async def ended(self, crawl_id: str, *, seconds: float = 30.0) -> Any:
        """The status once the crawl is over."""
        ends = time.monotonic() + seconds
        while (found := await self.status(crawl_id))["pipeline_status"] not in {"completed", "failed", "cancelled"}:
            assert time.monotonic() < ends, f"still {found}"
            await asyncio.sleep(0.05)
        return found

    async def ledger(self) -> Any:
        async with self.http.get(f"{self.system.provider}/simulator/ledger") as answer:
            return await answer.json()


def order(sim: str = "ready_after:0.1,records:5", **more: Any) -> dict[str, Any]:
    """The seeds' example order; the provider's behaviour rides in the URL."""
    return {
        "dataset_id": "gd_lkaxegm826bjpoo9m5",
        "platform": "facebook",
        "competitor": "nutifood",
        "url": f"https://www.facebook.com/competitor?sim={sim}",
    } | more


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="headrace-e2e-"))
    made.chmod(0o755)
    yield made
    rmtree(made)


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    """One running system for a module's tests."""
    running = System(folder)
    running.start_provider()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The bundled site in a process of its own."""
    command = [sys.executable, "-m", "infra.local.simulators.site"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield running.stdout.readline().strip()
        running.terminate()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


@pytest.fixture
async def api(system: System, http: aiohttp.ClientSession) -> Api:
    await system.ready(http)
    return Api(http, system)

"""Headrace as it deploys, on one machine: a process a service and a function, Google's emulators between them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import HEADRACE, OURS
from tests.ports import kept_port

ROOT = Path(__file__).parents[2]
TOPOLOGY: dict[str, Any] = json.loads((ROOT / "schemas/generated/topology.json").read_text())
PATIENCE = 90.0


@dataclass
class Place:
    """One process and where it answers; restarted, it answers there again."""

    name: str
    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Deployment:
    """``services`` under uvicorn, ``functions`` under functions-framework, each in a process of its own."""

    folder: Path
    settings: dict[str, str]
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "deployment.log"

    @property
    def functions(self) -> list[str]:
        return sorted(TOPOLOGY["functions"])

    @property
    def services(self) -> list[str]:
        return sorted(TOPOLOGY["services"])

    def plan(self) -> None:
        """Give everything its port and its command."""
        program = {name: str(HEADRACE.with_name(name)) for name in ("functions-framework", "uvicorn")}
        for name in self.functions:
            source = ["--source", str(ROOT / f"functions/{name}.py"), "--target", "main"]
            self._place(name, lambda port, s=source: [program["functions-framework"], "--asgi", *s, *_at(port)])  # type: ignore[misc]
        for name in self.services:
            app = [f"services.{name}.main:app", "--timeout-graceful-shutdown", "5"]
            self._place(f"{name} service", lambda port, a=app: [program["uvicorn"], *a, *_at(port)])  # type: ignore[misc]
        simulator = [sys.executable, "-m", "infra.local.simulators.bright_data"]
        kept = ["--state-file", str(self.folder / "provider.jsonl")]
        self._place("provider", lambda port: [*simulator, "--port", str(port), *kept])
        self._place("site", lambda port: [sys.executable, "-m", "infra.local.simulators.site", "--port", str(port)])
        addresses = json.dumps({name: self.places[name].url for name in self.functions})
        front = str(Path(__file__).with_name("front.py"))
        self._place("front", lambda port: [sys.executable, front, str(port), addresses])

    def _place(self, name: str, command: Any) -> None:
        port = kept_port()
        self.places[name] = Place(name, command(port), port)

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ours = {
            "HEADRACE_PROFILE": "emulators",
            "HEADRACE_DATA_DIR": str(self.folder / "data"),
            "HEADRACE_DATABASE_POOL": "3",
            "HEADRACE_PUSH_URL": f"{self.places['front'].url}/{{function}}",
            "BRIGHT_DATA_API_URL": self.places["provider"].url,
            "HEADRACE_EGRESS_ALLOW": self.places["site"].url.removeprefix("http://"),
            "BRIGHT_DATA_API_TOKEN": "CANARY-bright-data-token",
            "BACKGROUND_POLL_INTERVAL": "0.5",
            "HEADRACE_LEASE_SECONDS": "5",
        }
        return {**clean, **ours, **self.settings}

    def run(self, *arguments: str) -> None:
        """One of our commands, to its end."""
        done = subprocess.run(
            [str(HEADRACE), *arguments], env=self.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, names: Iterable[str]) -> None:
        for name in names:
            place = self.places[name]
            with self.log.open("ab") as output:
                place.process = subprocess.Popen(
                    place.command,
                    env=self.environment(),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """kill -9, of all that is one container in the cloud."""
        process = self.places[name].process
        assert process is not None
        assert process.poll() is None, f"{name} had ended by itself: {self.log.read_text()[-3000:]}"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> dict[str, float]:
        """End everything as the platform does; returns how many seconds each took."""
        alive = {name: one.process for name, one in self.places.items() if one.process and one.process.poll() is None}
        began = time.monotonic()
        for process in alive.values():
            process.send_signal(signal.SIGTERM)
        took = {}
        for name, process in alive.items():
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            took[name] = time.monotonic() - began
        return took

    async def ready(self, names: Iterable[str]) -> None:
        """Wait until these answer."""
        ends = time.monotonic() + PATIENCE
        async with aiohttp.ClientSession() as http:
            for name in names:
                while not await _answers(http, self.places[name]):
                    if time.monotonic() > ends:
                        pytest.fail(f"{name} is not ready:\n{self.log.read_text()[-3000:]}")
                    await asyncio.sleep(0.05)


def _at(port: int) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(port)]


async def _answers(http: aiohttp.ClientSession, place: Place) -> bool:
    ours = place.name not in {"front", "provider", "site"}
    try:
        async with http.get(f"{place.url}/readyz") as answer:
            return answer.status == 200 or not ours
    except aiohttp.ClientError:
        return False

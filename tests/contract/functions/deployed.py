"""Functions and services as they deploy: under plain functions-framework and uvicorn, away from the tree."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from infra.runtime.configuration.variables import defaults
from infra.runtime.runtime import ROOT
from tests.ports import kept_port

FRAMEWORK, UVICORN = (str(Path(sys.executable).with_name(name)) for name in ("functions-framework", "uvicorn"))
PATIENCE = 60.0


def function(name: str) -> list[str]:
    """The command of a function."""
    return [FRAMEWORK, "--asgi", "--source", str(ROOT / f"functions/{name}.py"), "--target", "main"]


def service(name: str) -> list[str]:
    """The command of a service's face."""
    return [UVICORN, f"services.{name}.main:app", "--timeout-graceful-shutdown", "5"]


class Deployed:
    """Started with the object, answers after ``up``."""

    def __init__(self, command: list[str], folder: Path, **settings: str) -> None:
        ours = {one.name for one in defaults()}
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        self.url = f"http://127.0.0.1:{(port := kept_port())}"
        self._log = folder / f"{port}.log"
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port)],
                env={**clean, "HEADRACE_DATA_DIR": str(folder / "data"), "HEADRACE_DATABASE_POOL": "3", **settings},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    async def ask(self, http: aiohttp.ClientSession, method: str, path: str = "/", **request: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        async with http.request(method, self.url + path, **request) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 204 else None

    async def up(self, http: aiohttp.ClientSession, *, alive: int = 200) -> None:
        """Wait until it says that it lives, or with another status of ``alive``, why it cannot."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                if (await self.ask(http, "GET", "/livez"))[0] == alive:
                    return
            except aiohttp.ClientError:
                assert self.process.poll() is None, self.said
        raise AssertionError(self.said)

    def end(self) -> float:
        """Ask it to end as the platform does; returns how many seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return time.monotonic() - began

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

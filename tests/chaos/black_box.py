"""The system and its paid provider as black boxes: started, asked over HTTP, killed."""

import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.chaos.program import ROOT, Program, alive, until
from tests.ports import kept_port

START_SECONDS = 60.0  # a killed PostgreSQL recovers first


def page(name: str, sim: str) -> str:
    """The address of a page whose snapshot does what ``sim`` says."""
    return f"https://www.facebook.com/{name}?sim={sim}"


class Provider(Program):
    """A paid provider's simulator; its purchases survive its own end, in ``folder``."""

    def __init__(self, folder: Path, *options: str, simulator: str = "bright_data") -> None:
        self.port = kept_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", f"infra.local.simulators.{simulator}", "--port", str(self.port)]
        command += ["--state-file", str(folder / "provider.jsonl"), *options]
        super().__init__(command, log=folder / "provider.log", environment={})

    async def start(self, http: aiohttp.ClientSession) -> None:
        self.launch()
        await until("the provider answers", lambda: _answers(http, f"{self.url}/simulator/ledger"), seconds=20)

    async def ledger(self, http: aiohttp.ClientSession) -> dict[str, Any]:
        async with http.get(f"{self.url}/simulator/ledger") as answer:
            return dict(await answer.json())


class Headrace(Program):
    """``headrace up`` on ``folder``. ``settings`` are environment variables, ``tree`` holds other sources than ours."""

    def __init__(
        self, folder: Path, *, provider: str, settings: Mapping[str, object], tree: Path | None = None
    ) -> None:
        self.port = kept_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        environment = {
            "HEADRACE_PORT": str(self.port),
            "HEADRACE_DATA_DIR": str(self.data),
            "BRIGHT_DATA_API_URL": provider,
            **{name: str(value) for name, value in settings.items()},
        }
        command = [str(Path(sys.executable).with_name("headrace")), "up"]
        if tree is not None:
            command = [sys.executable, "-c", "from services.console.cli import app; app()", "up"]
            environment["PYTHONPATH"] = str(tree)
        log = folder / "headrace.log"
        super().__init__(command, log=log, environment=environment, folder=tree or ROOT)

    async def start(self, http: aiohttp.ClientSession) -> None:
        """Launch it and wait until it is ready."""
        self.launch()
        await self.ready(http)

    async def ready(self, http: aiohttp.ClientSession) -> None:
        async def up() -> bool:
            assert self.running, f"it ended by itself:\n{self.last_words()}"
            return await _answers(http, f"{self.url}/readyz")

        await until("headrace is ready", up, seconds=START_SECONDS)

    async def order(self, http: aiohttp.ClientSession, url: str, **more: Any) -> str:
        """Trigger one crawl of a page; returns its id."""
        body = {"dataset_id": "gd_posts", "platform": "facebook", "competitor": "mill", "url": url, **more}
        async with http.post(f"{self.url}/api/v1/crawl/trigger", json=body) as answer:
            assert answer.status == 202, await answer.text()
            return str((await answer.json())["crawl_id"])

    async def status(self, http: aiohttp.ClientSession, crawl_id: str) -> dict[str, Any]:
        async with http.get(f"{self.url}/api/v1/crawl/{crawl_id}/status") as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def crawls(self, http: aiohttp.ClientSession, **wanted: str) -> list[dict[str, Any]]:
        """The status of every crawl."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            query = {"page_size": "200", **wanted, **({"page_token": token} if token else {})}
            async with http.get(f"{self.url}/api/v1/crawl", params=query) as answer:
                assert answer.status == 200, await answer.text()
                body = json.loads(await answer.read())
            found += body["items"]
            if not (token := body["next_page_token"]):
                return found

    def postgres(self) -> psutil.Process | None:
        """The embedded PostgreSQL; None when it does not run."""
        with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int((self.data / "postgres/data/postmaster.pid").read_text().split()[0]))
            return process if "postgres" in process.name() and alive(process) else None
        return None

    def kill_postgres(self) -> None:
        """Kill the embedded PostgreSQL and all its children; fine if it is gone."""
        if (postmaster := self.postgres()) is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in [postmaster, *postmaster.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with http.get(url, params={"digests": "no"}, timeout=aiohttp.ClientTimeout(total=5)) as answer:
            return answer.status == 200
    return False

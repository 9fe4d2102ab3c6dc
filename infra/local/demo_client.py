"""The demo's view of the system: HTTP, as everybody else sees it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import aiohttp

from schemas.problem import Problem

_ENDED = {"completed", "failed", "cancelled"}


class DemoFailed(Problem):
    """Something did not end as it should have."""

    code: ClassVar[str] = "DEMO_FAILED"
    title: ClassVar[str] = "The demo failed"
    recovery: ClassVar[str] = "Read headrace.log in the data directory, or run `headrace doctor`."


class Client:
    """Calls the API at ``url``."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self._url = url

    async def ask(self, path: str, **query: str) -> Any:
        """The JSON answer of a GET. Raises ``DemoFailed`` for any status but 200."""
        async with self.http.get(self._url + path, params=query) as answer:
            return await self._read(answer)

    async def trigger(self, order: Mapping[str, Any]) -> Any:
        """Order a crawl; the answer. Raises ``DemoFailed`` when it is refused."""
        return await self.send("/api/v1/crawl/trigger", json=order)

    async def send(self, path: str, **body: Any) -> Any:
        """The answer to a POST of ``json`` or ``data``. Raises ``DemoFailed`` when it is refused."""
        async with self.http.post(self._url + path, **body) as answer:
            return await self._read(answer)

    async def digest(self, crawl_id: str) -> tuple[str, int]:
        """The sha256 and the size of a result, computed from what the API sends."""
        seen, size, lines = hashlib.sha256(), 0, {"Accept": "application/x-ndjson"}
        async with self.http.get(f"{self._url}/api/v1/crawl/{crawl_id}/result", headers=lines) as answer:
            async for block in answer.content.iter_any():
                seen.update(block)
                size += len(block)
        return seen.hexdigest(), size

    async def _read(self, answer: aiohttp.ClientResponse) -> Any:
        if not answer.ok:
            raise DemoFailed(f"{answer.method} {answer.url.path} answered {answer.status}: {await answer.text()}")
        return await answer.json()


class Watched:
    """A crawl as its status tells it, from the trigger to its end."""

    def __init__(self, name: str, crawl_id: str) -> None:
        self.name = name
        self.crawl_id = crawl_id
        self._next_poll: datetime | None = None
        self.status: dict[str, Any] = {}

    def see(self, status: dict[str, Any], *, poll_interval: float) -> None:
        """Take a newer status."""
        self.status = status
        polling = status["background_processing"]
        if polling["polling_active"]:
            since = datetime.fromisoformat(polling["last_poll_time"] or status["created_at"])
            self._next_poll = since + timedelta(seconds=poll_interval)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status.get("pipeline_status") in _ENDED

    @property
    def polls(self) -> int:
        """How often the provider was asked."""
        return int(self.status["background_processing"]["poll_count"])

    @property
    def seconds(self) -> float:
        """From trigger to end."""
        began, ended = (datetime.fromisoformat(self.status[name]) for name in ("created_at", "finished_at"))
        return (ended - began).total_seconds()

    @property
    def seconds_saved(self) -> float:
        """How long before its next poll was due it was found ready, because somebody hinted at it."""
        found = self.status["background_processing"]["last_poll_time"]
        if self._next_poll is None or found is None:
            return 0.0
        return (self._next_poll - datetime.fromisoformat(found)).total_seconds()

"""How many pages Firecrawl agreed to: it lowers a limit to the credits that are left, and says so nowhere."""

from typing import Any

from msgspec import Struct

from schemas.problem import Problem
from services.crawling.ports import Progress
from services.crawling.provider_client import Client
from services.crawling.providers.firecrawl.answers import refusal

_MOST_KNOWN = 10_000


class Active(Struct, frozen=True, kw_only=True):
    """A crawl under way, with the options that hold."""

    id: str
    limit: int | None
    excluded: list[str]


class Agreements:
    """Asks once a process about each crawl; one answer tells of all that are under way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._limits: dict[str, int] = {}

    async def active(self) -> list[Active]:
        """All crawls under way. Raises what every call may raise."""
        answer = await self._client.ask("GET", "/v2/crawl/active")
        body = answer.json
        listed = body.get("crawls") if answer.ok and isinstance(body, dict) else None
        if not isinstance(listed, list):
            raise refusal(answer)
        return [_active(one) for one in listed if isinstance(one, dict)]

    async def of(self, snapshot_id: str, progress: Progress) -> int | None:
        """The most documents of a crawl; None where nobody says so. What cannot be asked now is asked another time."""
        try:
            if progress.state == "pending":
                return await self._running(snapshot_id)
            known = self._limits.pop(snapshot_id, None)
            if known is None and progress.state == "ready" and await self._no_credits():
                return progress.records
        except Problem:
            return None
        return known

    async def _running(self, snapshot_id: str) -> int | None:
        if snapshot_id not in self._limits:
            if len(self._limits) >= _MOST_KNOWN:
                self._limits.clear()
            self._limits |= {crawl.id: crawl.limit for crawl in await self.active() if crawl.limit is not None}
        return self._limits.get(snapshot_id)

    async def _no_credits(self) -> bool:
        answer = await self._client.ask("GET", "/v2/team/credit-usage")
        body = answer.json
        data = body.get("data") if answer.ok and isinstance(body, dict) else None
        left = data.get("remainingCredits") if isinstance(data, dict) else None
        return isinstance(left, int | float) and left <= 0


def _active(told: dict[str, Any]) -> Active:
    options = told.get("options")
    options = options if isinstance(options, dict) else {}
    limit, excluded = options.get("limit"), options.get("excludePaths")
    return Active(
        id=str(told.get("id", "")),
        limit=limit if isinstance(limit, int) and not isinstance(limit, bool) else None,
        excluded=[str(path) for path in excluded] if isinstance(excluded, list) else [],
    )

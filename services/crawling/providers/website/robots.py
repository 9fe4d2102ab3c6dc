"""robots.txt: read once an hour a host, by RFC 9309, and heeded."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from infra.postgres.database import Database
from services.crawling.providers.website.fetching import AGENT, Fetch, NoPage
from services.crawling.store.websites import hosts

if TYPE_CHECKING:
    from protego import Protego

KEPT = timedelta(hours=1)
LONGEST_DELAY = 60.0  # seconds; a longer one would be a refusal in other words
MOST_BYTES = 500 << 10
ROBOTS_SECONDS = 15.0
AGAIN_SECONDS = 2.0
_TOO_MANY = 429
_SERVER_ERROR = 500
_OK = 200


@dataclass(frozen=True)
class Robots:
    """What a host asks of robots."""

    rules: "Protego"

    def allow(self, url: str) -> bool:
        """Whether a page may be asked for."""
        return bool(self.rules.can_fetch(url, AGENT))

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps it names."""
        return list(self.rules.sitemaps)


async def read_robots(origin: str, host: str, *, fetch: Fetch, database: Database) -> Robots:
    """The rules of a host, from its robots.txt or from whoever read it lately.

    A host that has none allows all; one whose robots.txt cannot be read allows nothing for now: ``NoPage``.
    """
    async with database.reading() as tx:
        known = await hosts.robots(tx, host, younger_than=KEPT)
    if known is not None:
        return Robots(await asyncio.to_thread(_parsed, known))
    text = await _fetched(origin, fetch)
    rules = await asyncio.to_thread(_parsed, text)
    async with database.transaction() as tx:
        await hosts.keep_robots(tx, host, text, delay=_delay(rules))
    return Robots(rules)


async def _fetched(origin: str, fetch: Fetch) -> str:
    try:
        answer = await fetch(f"{origin}/robots.txt", most_bytes=MOST_BYTES, seconds=ROBOTS_SECONDS)
    except NoPage as none:
        if none.code == "TOO_LARGE":
            return ""
        raise _unread(none.message) if none.again is not None else none from none
    if answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY:
        raise _unread(f"HTTP {answer.status}")
    return answer.body.decode("utf-8", "replace").replace("\0", "") if answer.status == _OK else ""


def _unread(reason: str) -> NoPage:
    return NoPage("ROBOTS_UNAVAILABLE", f"the host's robots.txt cannot be read: {reason}", again=AGAIN_SECONDS)


def _parsed(text: str) -> "Protego":
    from protego import Protego  # noqa: PLC0415  # functions that fetch nothing need not load it

    return Protego.parse(text)


def _delay(rules: "Protego") -> float:
    wished = rules.crawl_delay(AGENT)
    return min(LONGEST_DELAY, max(0.0, float(wished))) if wished else 0.0

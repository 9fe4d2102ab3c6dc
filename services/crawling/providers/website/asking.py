"""Asking for a page as its host and its order wish."""

import asyncio
import math
from collections import Counter

from infra.postgres.database import Database
from services.crawling.providers.website.address import Address, address
from services.crawling.providers.website.fetching import Fetch, Fetched, NoPage
from services.crawling.providers.website.reading import Content, read_page
from services.crawling.providers.website.robots import Robots, read_robots

READABLE = frozenset({"text/html", "application/xhtml+xml", "text/plain", ""})
LONGEST_WAIT = 60.0
WAIT_SECONDS = 5.0
MOST_SILENCES = 2  # more, of a host whose robots.txt cannot be read
_BAD = 400
_AGAIN = frozenset({429, 502, 503, 504})


class Disallowed(Exception):
    """The host's robots.txt asks us not to."""


class Asking:
    """Brings pages of one site. ``robots`` is None where the order does not heed them."""

    def __init__(self, fetch: Fetch, *, plain: Fetch, heeds_robots: bool, database: Database) -> None:
        self.plain = plain
        self._fetch = fetch
        self._heeds = heeds_robots
        self._database = database
        self._rules: dict[str, Robots] = {}
        self._silent: Counter[str] = Counter()
        self._reading = asyncio.Lock()

    async def robots(self, page: Address) -> Robots | None:
        """What the page's host asks of robots; None if that is not heeded. Raises ``NoPage`` while that is unknown."""
        if not self._heeds:
            return None
        async with self._reading:
            if page.origin not in self._rules:
                self._rules[page.origin] = await self._read(page)
        return self._rules[page.origin]

    async def _read(self, page: Address) -> Robots:
        """Whoever stays silent is not asked again, for all its pages would wait for nothing."""
        if self._silent[page.origin] > MOST_SILENCES:
            raise NoPage("ROBOTS_UNAVAILABLE", "the host's robots.txt could not be read before")
        try:
            return await read_robots(page.origin, page.host, fetch=self.plain, database=self._database)
        except NoPage:
            self._silent[page.origin] += 1
            raise

    async def page(self, url: str) -> tuple[Fetched, Content]:
        """A page, read. Raises ``NoPage``, and ``Disallowed`` before or after redirects."""
        page = address(url)
        if page is None:
            raise NoPage("NOT_A_PAGE", "this is no URL of a page")
        await self._heed(page)
        fetched = await self._fetch(page.url, types=READABLE)
        there = address(fetched.url)
        if there is not None and there.key != page.key:
            await self._heed(there)
        if fetched.status >= _BAD:
            raise NoPage(
                f"HTTP_{fetched.status}",
                f"the answer was HTTP {fetched.status}",
                status=fetched.status,
                again=_wait(fetched) if fetched.status in _AGAIN else None,
            )
        if fetched.content_type not in READABLE:
            raise NoPage("NOT_A_PAGE", f"the answer is {fetched.content_type[:100]}", status=fetched.status)
        return fetched, await asyncio.to_thread(read_page, fetched)

    async def _heed(self, page: Address) -> None:
        robots = await self.robots(page)
        if robots is not None and not robots.allow(page.url):
            raise Disallowed


def _wait(fetched: Fetched) -> float:
    value = fetched.headers.get("retry-after", "")
    seconds = float(value) if value.isdecimal() and len(value) < 6 else WAIT_SECONDS  # noqa: PLR2004  # digits of a day
    return min(LONGEST_WAIT, max(1.0, math.ceil(seconds)))

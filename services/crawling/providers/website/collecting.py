"""One claim of a site: pages are taken, asked for and told until there are no more, or a budget is spent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from infra.postgres.database import Database
from services.crawling.ports import Lake
from services.crawling.providers.website.asking import Asking, Disallowed
from services.crawling.providers.website.fetching import NoPage
from services.crawling.providers.website.packing import pack
from services.crawling.providers.website.telling import Teller
from services.crawling.store.websites import pages
from services.crawling.store.websites.pages import Taken
from services.crawling.store.websites.sites import Site

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

LEASE_SECONDS = 120.0  # of a page: longer than it may take
LOOK_SECONDS = 0.1
MOST_AT_ONCE = 16
MOST_TRIES = 2  # more, of a page that may be there a moment later
_MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How every host is treated, whatever orders wish: seconds between two requests, and requests at once."""

    delay: float
    a_host: int


@dataclass(kw_only=True)
class Collecting:
    """The work of one claim. ``stopped_by`` is the budget that ended it, if one did."""

    site: Site
    wished: "Wishes"
    asking: Asking
    manners: Manners
    database: Database
    lake: Lake
    now: Callable[[], datetime]
    report: Callable[[Site], Awaitable[None]]
    stopped_by: str | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, *, seconds: float) -> bool:
        """Until all is told; False when this claim's time is over before. Raises ``LeaseLost``."""
        ends_at = time.monotonic() + seconds
        try:
            while await self._goes_on(over=time.monotonic() > ends_at):
                await pack(self.site, whole=False, database=self.database, lake=self.lake)
                await self.report(self.site)
        finally:
            await self._drop()
        if time.monotonic() > ends_at and self.stopped_by is None and await self._wait_seconds() is not None:
            return False
        await pack(self.site, whole=True, database=self.database, lake=self.lake)
        return True

    async def _goes_on(self, *, over: bool) -> bool:
        """One round; False if nothing is under way and nothing is to be begun."""
        spent = self._spent()
        if not over and spent is None:
            await self._begin()
        if not self._under_way:
            left = await self._wait_seconds()
            if over or spent or left is None:
                self.stopped_by = spent if left is not None else None
                return False
            await asyncio.sleep(min(1.0, max(LOOK_SECONDS, left)))
            return True
        done, self._under_way = await asyncio.wait(
            self._under_way, timeout=max(LOOK_SECONDS, self._delay), return_when=asyncio.FIRST_COMPLETED
        )
        for one in done:
            one.result()
        return True

    @property
    def _delay(self) -> float:
        return max(self.wished.delay, self.manners.delay)

    def _spent(self) -> str | None:
        if self.site.told >= self.wished.max_pages:
            return "max_pages"
        if self.site.bytes >= self.wished.max_megabytes * _MEGABYTE:
            return "max_megabytes"
        started, most = self.site.started_at, timedelta(minutes=self.wished.max_minutes)
        return "max_minutes" if started is not None and self.now() - started > most else None

    async def _begin(self) -> None:
        free = min(MOST_AT_ONCE, self.wished.max_pages - self.site.told) - len(self._under_way)
        if free <= 0:
            return
        async with self.database.transaction() as tx:
            taken = await pages.take(
                tx,
                self.site.id,
                a_host=self.manners.a_host,
                delay=self._delay,
                lease_seconds=LEASE_SECONDS,
                limit=free,
            )
        self._under_way |= {asyncio.create_task(self._page(one)) for one in taken}

    async def _page(self, taken: Taken) -> None:
        site, at = await self._told(taken, self.now()), self.site.told
        if site.told >= at:  # answers may overtake each other
            self.site = site

    async def _told(self, taken: Taken, at: datetime) -> Site:
        teller = Teller(site=self.site, wished=self.wished, database=self.database)
        try:
            fetched, content = await self.asking.page(taken.url)
            return await teller.page(taken, fetched, content, at=at)
        except Disallowed:
            if taken.depth:
                return await teller.left_out(taken)
            asked_not_to = NoPage("ROBOTS_DISALLOWED", "the host's robots.txt asks not to collect this page")
            return await teller.problem(taken, asked_not_to, at=at)
        except NoPage as problem:
            if problem.again is not None and taken.tries < MOST_TRIES:
                return await teller.put_off(taken, seconds=problem.again)
            return await teller.problem(taken, problem, at=at)

    async def _wait_seconds(self) -> float | None:
        async with self.database.reading() as tx:
            return await pages.wait_seconds(tx, self.site.id)

    async def _drop(self) -> None:
        for one in self._under_way:
            one.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

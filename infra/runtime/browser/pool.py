"""Pages to work with, each in a profile of its own; the browser below them comes, is replaced, and goes by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from infra.runtime.browser.chromium import find_chromium
from infra.runtime.browser.engine import CLOSE_SECONDS, BrowserCrashed, Engine, launch
from infra.runtime.configuration.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Dialog, Page

PAGES = 50  # of one browser: what it leaks goes with it
IDLE_SECONDS = 30.0
TOLD_SECONDS = 0.5  # what failed by a crash fails before the crash is told

log = structlog.get_logger()


class Browsers:
    """One browser at a time for all pages of a process, looked for and started when a page is wanted."""

    def __init__(self, settings: Settings, proxy_url: str | None) -> None:
        self._settings = settings
        self._proxy_url = proxy_url
        self._lock = asyncio.Lock()
        self._engine: Engine | None = None
        self._idle: asyncio.Task[None] | None = None

    @property
    def group(self) -> int | None:
        """The process group of the browser that runs, if one does."""
        return self._engine.group if self._engine else None

    @asynccontextmanager
    async def page(self, *, javascript: bool = True, proxy_url: str | None = None) -> AsyncIterator["Page"]:
        """A blank page of a fresh profile, gone after the block with all it opened; ``proxy_url`` is for it alone.

        Whatever ends the block while the browser does not answer is a ``BrowserCrashed``, and the browser is replaced.
        Raises ``ChromiumMissing``, and ``BrowserCrashed`` also where none starts.
        """
        engine = await self._taken()
        try:
            async with _opened(engine, javascript=javascript, proxy_url=proxy_url) as page:
                yield page
        finally:
            await asyncio.shield(self._given_back(engine))

    async def close(self) -> None:
        """End the browser."""
        if self._idle is not None:
            self._idle.cancel()
        async with self._lock:
            engine, self._engine = self._engine, None
            if engine is not None:
                await engine.close()

    async def _taken(self) -> Engine:
        async with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            engine = self._engine
            if engine is None or engine.broken or engine.pages >= PAGES or not engine.browser.is_connected():
                engine = await self._replaced(engine)
            engine.pages += 1
            engine.using += 1
            return engine

    async def _replaced(self, old: Engine | None) -> Engine:
        self._engine = None
        if old is not None and (not old.using or old.broken):
            await old.close()
        self._engine = await launch(find_chromium(self._settings), proxy_url=self._proxy_url)
        return self._engine

    async def _given_back(self, engine: Engine) -> None:
        engine.using -= 1
        if engine.using:
            return
        if engine is not self._engine or engine.broken:
            self._engine = None if engine is self._engine else self._engine
            await engine.close()
            return
        self._idle = asyncio.create_task(self._end_idle())

    async def _end_idle(self) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        async with self._lock:
            engine = self._engine
            if engine is not None and not engine.using:
                self._engine = None
                await engine.close()


@asynccontextmanager
async def browsers(settings: Settings, proxy_url: str | None) -> AsyncIterator[Browsers]:
    """Browsers whose requests all go through the proxy, where a page has none of its own; None: they go straight."""
    pool = Browsers(settings, proxy_url)
    try:
        yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def _opened(engine: Engine, *, javascript: bool, proxy_url: str | None) -> AsyncIterator["Page"]:
    crashed = asyncio.Event()
    context: BrowserContext | None = None
    try:
        async with asyncio.timeout(CLOSE_SECONDS * 2):
            context = await engine.context(javascript=javascript, proxy_url=proxy_url)
            page = await context.new_page()
        _tame(context, page, crashed)
        yield page
    except Exception as error:
        if not await engine.answers():
            engine.kill()
            raise BrowserCrashed("The browser died or answered nothing any more.") from error
        if await _told(crashed):
            raise BrowserCrashed("The page ended the process that showed it.") from error
        raise
    finally:
        if context is not None:
            await asyncio.shield(_ended(engine, context))


def _tame(context: "BrowserContext", page: "Page", crashed: asyncio.Event) -> None:
    async def dismiss(dialog: "Dialog") -> None:
        with suppress(Exception):  # the page may have gone with it
            await dialog.dismiss()

    async def shut(other: "Page") -> None:
        with suppress(Exception):  # see above
            await other.close()

    page.on("dialog", dismiss)
    page.on("crash", lambda _: crashed.set())
    context.on("page", shut)


async def _told(crashed: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(crashed.wait(), TOLD_SECONDS)
    return crashed.is_set()


async def _ended(engine: Engine, context: "BrowserContext") -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await context.close()
    except Exception as error:  # noqa: BLE001  # a page that cannot be closed goes with its browser
        log.warning("a page could not be closed", reason=str(error) or type(error).__name__)
        engine.kill()

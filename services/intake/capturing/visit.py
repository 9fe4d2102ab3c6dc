"""A visit to one page: it is opened, looked at, and judged by what was there in the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.runtime.browser.pool import Browsers
from infra.runtime.egress.destination import DEFAULT_PORTS, destination
from infra.runtime.egress.proxy import SAID_BY_PROXY, FilteringProxy, Limits, filtering_proxy
from infra.runtime.egress.refused import EgressRefused
from services.intake.capturing.captured import Budget, Captured
from services.intake.capturing.failures import (
    CaptureHttp,
    CaptureHttpPassing,
    CaptureNotAPage,
    CaptureTimeout,
    CaptureTls,
    CaptureTooLarge,
    CaptureUnreachable,
)
from services.intake.capturing.photograph import photograph

if TYPE_CHECKING:
    from playwright.async_api import Page, Response

LOAD_SECONDS = 10.0  # then what is there is taken
IDLE_SECONDS = 2.0  # scripts often fetch what they show
_LOOK_SECONDS = 0.1
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_BAD = 400
_TLS = ("ERR_CERT", "ERR_SSL", "ERR_BAD_SSL")
_FILES = ("application/pdf", "audio/", "video/")  # the browser shows a player for them, and nothing of what they say


async def visit(url: str, *, browsers: Browsers, allow: frozenset[str], budget: Budget) -> Captured:
    """The page at a URL, reached through a filtering proxy of its own.

    Raises ``EgressRefused``, ``ChromiumMissing``, ``BrowserCrashed`` and the problems in ``failures``.
    """
    destination(url, allow)
    async with filtering_proxy(allow, limits=Limits(bytes=budget.bytes)) as proxy:
        try:
            async with browsers.page(proxy_url=proxy.url) as page, _limited(proxy, budget):
                return await _Visit(page, proxy, allow, budget).captured(url)
        except TimeoutError as error:
            _within(proxy, budget)
            raise CaptureTimeout(f"{url} was not there within {budget.seconds:.0f} s") from error


@asynccontextmanager
async def _limited(proxy: FilteringProxy, budget: Budget) -> AsyncIterator[None]:
    """Raises ``TimeoutError`` when the time is over, or the bytes are."""

    async def watch(limit: asyncio.Timeout) -> None:
        while not proxy.spent:  # noqa: ASYNC110  # the proxy sets no event
            await asyncio.sleep(_LOOK_SECONDS)
        limit.reschedule(asyncio.get_running_loop().time())

    async with asyncio.timeout(budget.seconds) as limit:
        watching = asyncio.create_task(watch(limit))
        try:
            yield
        finally:
            watching.cancel()


def _within(proxy: FilteringProxy, budget: Budget) -> None:
    if proxy.spent:
        raise CaptureTooLarge(f"The page loads more than {budget.bytes:,} bytes")


class _Visit:
    def __init__(self, page: "Page", proxy: FilteringProxy, allow: frozenset[str], budget: Budget) -> None:
        self._page = page
        self._proxy = proxy
        self._allow = allow
        self._budget = budget
        self._answers: list[Response] = []
        page.on("response", self._note)

    async def captured(self, url: str) -> Captured:
        """What the page is once it rests."""
        from playwright.async_api import Error  # noqa: PLC0415  # heavy, and loaded by now

        try:
            await self._page.goto(url, wait_until="commit", timeout=0)
            complete = await self._rested()
            status = self._judged()
            shown = await photograph(self._page, self._budget)
            self._judged()  # it may have gone elsewhere meanwhile
        except Error as error:
            raise self._reason(url, str(error)) from error
        return Captured(url=url, final_url=self._page.url, status_code=status, complete=complete, **shown)

    def _note(self, answer: "Response") -> None:
        with suppress(Exception):  # a page that is going has no frame any more
            if answer.request.is_navigation_request() and answer.frame == self._page.main_frame:
                self._answers.append(answer)

    async def _rested(self) -> bool:
        from playwright.async_api import TimeoutError as Late  # noqa: PLC0415  # see above

        try:
            await self._page.wait_for_load_state("load", timeout=LOAD_SECONDS * 1000)
        except Late:
            return False
        with suppress(Late):
            await self._page.wait_for_load_state("networkidle", timeout=IDLE_SECONDS * 1000)
        return True

    def _judged(self) -> int:
        """The status of the page that is shown; raises what speaks against it."""
        _within(self._proxy, self._budget)
        last = self._answers[-1] if self._answers else None
        status = last.status if last else 200
        self._not_denied(last.url if last else self._page.url)
        if last is not None:
            _speak_against(last)
        if status >= _BAD:
            problem = CaptureHttpPassing if status in _PASSING else CaptureHttp
            raise problem(f"{self._page.url} answered {status}", status_code=status)
        destination(self._page.url, self._allow)
        return status

    def _not_denied(self, url: str) -> None:
        place = _place(url)
        for denial in self._proxy.denied:
            if _place(denial.url) == place:
                raise EgressRefused(denial.reason)

    def _reason(self, url: str, text: str) -> Exception:
        _within(self._proxy, self._budget)
        if "Download is starting" in text:
            return CaptureNotAPage(url)
        code = text.partition("net::")[2].partition(" ")[0]
        if code.startswith(_TLS):
            return CaptureTls(f"{url}: {code}")
        if self._proxy.denied:
            return EgressRefused(self._proxy.denied[-1].reason)
        return CaptureUnreachable(f"{url}: {code or text.partition(chr(10))[0][:200]}")


def _speak_against(answer: "Response") -> None:
    if (reason := answer.headers.get(SAID_BY_PROXY)) is not None:
        told = reason.partition('"')[2].rstrip('"')
        raise CaptureUnreachable(f"{answer.url}: {told}")
    if answer.headers.get("content-type", "").lower().startswith(_FILES):
        raise CaptureNotAPage(answer.url)


def _place(url: str) -> tuple[str | None, int | None]:
    """Host and port: what is refused of one port of a host says nothing about another."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)

"""Pages as Chromium shows them, after their scripts have run; all it asks for passes the filtering proxy."""

import asyncio
from collections.abc import Container
from contextlib import suppress

from infra.runtime.browser.engine import BrowserCrashed
from infra.runtime.browser.pool import Browsers
from services.crawling.providers.website.fetching import MOST_BYTES, PAGE_SECONDS, Fetched, NoPage
from services.crawling.providers.website.plain import AGAIN_SECONDS

QUIET_SECONDS = 3.0  # scripts have this long to fill the page once it is there


class Rendered:
    """See ``Fetch``."""

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers

    async def __call__(
        self,
        url: str,
        *,
        most_bytes: int = MOST_BYTES,
        seconds: float = PAGE_SECONDS,
        types: Container[str] | None = None,
    ) -> Fetched:
        """See ``Fetch``; bodies of other types never reach us."""
        del types
        try:
            async with asyncio.timeout(seconds):
                found = await self._shown(url, seconds)
        except TimeoutError as error:
            raise NoPage("TIMEOUT", f"{url} was not there within {seconds:.0f} s", again=AGAIN_SECONDS) from error
        except BrowserCrashed as error:
            raise NoPage("BROWSER_CRASHED", error.detail or error.title, again=AGAIN_SECONDS) from error
        if len(found.body) > most_bytes:
            raise NoPage("TOO_LARGE", f"{url} has more than {most_bytes} bytes", status=found.status)
        return found

    async def _shown(self, url: str, seconds: float) -> Fetched:
        from playwright.async_api import Error  # noqa: PLC0415  # heavy

        async with self._browsers.page() as page:
            try:
                response = await page.goto(url, wait_until="domcontentloaded", timeout=seconds * 1000)
                with suppress(Error):
                    await page.wait_for_load_state("networkidle", timeout=QUIET_SECONDS * 1000)
                body = (await page.content()).encode("utf-8", "replace")
            except Error as error:
                reason = str(error).strip().partition("\n")[0][:300]
                if "net::ERR_CERT" in reason:
                    raise NoPage("UNTRUSTED", reason) from error
                raise NoPage("UNREACHABLE", reason, again=AGAIN_SECONDS) from error
            headers = await response.all_headers() if response is not None else {}
            if response is None or not page.url.startswith(("http://", "https://")):
                raise NoPage("NOT_A_PAGE", f"{url} led to no page")
            kind = headers.get("content-type", "text/html").partition(";")[0]
            written = {**headers, "content-type": f"{kind}; charset=utf-8"}  # the browser has read its own charset
            return Fetched(url=page.url, status=response.status, body=body, headers=written)

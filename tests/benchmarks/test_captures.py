"""Captures a minute, beside a bare loop of Playwright's that photographs the same pages."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from infra.local.simulators import site
from infra.local.simulators.site.pages import PAGES
from infra.runtime.browser.pool import Browsers, browsers
from infra.runtime.configuration.settings import read_settings
from services.intake.capturing.captured import Budget
from services.intake.capturing.visit import visit

CAPTURES = 16
AT_ONCE = 2  # as HEADRACE_CAPTURE_WORKERS has it
ENOUGH = 15.0  # a minute, on two processors that others use too

Taken = Callable[[str], Awaitable[int]]


async def _a_minute(take: Taken, shop: str) -> float:
    """How many a minute, once the browser is up."""
    pages = [shop + path for path in PAGES if not path.startswith("/private")]
    await take(pages[0])
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> int:
        async with turns:
            return await take(pages[number % len(pages)])

    began = time.monotonic()
    sizes = await asyncio.gather(*map(one, range(CAPTURES)))
    assert min(sizes) > 1000
    return CAPTURES * 60 / (time.monotonic() - began)


def _ours(pool: Browsers, allow: frozenset[str]) -> Taken:
    async def take(url: str) -> int:
        return len((await visit(url, browsers=pool, allow=allow, budget=Budget())).screenshot)

    return take


def _bare(pool: Browsers) -> Taken:
    """The same browser: what is compared is what a capture adds."""

    async def take(url: str) -> int:
        async with pool.page() as page:
            await page.goto(url, wait_until="networkidle")
            await page.content()
            await page.inner_text(":root")
            return len(await page.screenshot(full_page=True))

    return take


async def test_captures_a_minute() -> None:
    shop = await site.serve()
    try:
        async with browsers(read_settings(), None) as pool:
            bare = await _a_minute(_bare(pool), shop.url)
            ours = await _a_minute(_ours(pool, frozenset({shop.url.removeprefix("http://")})), shop.url)
    finally:
        await shop.close()

    print(f"\ncaptures a minute: {ours:.0f} guarded, {bare:.0f} bare, {ours / bare:.2f} x, {AT_ONCE} at once")  # noqa: T201  # its point
    assert ours >= ENOUGH
    assert ours >= 0.5 * bare

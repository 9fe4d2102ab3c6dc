"""Real Chromium: pages that share nothing, and browsers that are replaced when they die or hang."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from infra.runtime.browser import pool as pools
from infra.runtime.browser.engine import BrowserCrashed
from infra.runtime.browser.pool import Browsers, browsers
from infra.runtime.configuration.settings import read_settings


async def title(pool: Browsers, url: str) -> str:
    async with pool.page() as page:
        await page.goto(url)
        return await page.title()


def members(group: int) -> list[str]:
    """The command lines of all living processes of a group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def environ(process: int | None) -> str:
    return Path(f"/proc/{process}/environ").read_text()


async def gone(group: int) -> None:
    async with asyncio.timeout(10):
        while members(group):  # noqa: ASYNC110  # another process sets no events
            await asyncio.sleep(0.02)


async def test_pages_share_a_browser_and_nothing_else(pool: Browsers, site: str) -> None:
    first = await title(pool, f"{site}/remember")
    group = pool.group

    assert (first, await title(pool, f"{site}/remember")) == ("nothing", "nothing")
    assert pool.group == group
    assert group is not None


async def test_control_one_profile_remembers(pool: Browsers, site: str) -> None:
    async with pool.page() as page:
        await page.goto(f"{site}/remember")
        await page.goto(f"{site}/remember")
        assert await page.title() == "a=1"


async def test_dialogs_are_dismissed_and_popups_closed(pool: Browsers, site: str) -> None:
    assert await title(pool, f"{site}/dialogs") == "false"
    async with pool.page() as page:
        async with page.expect_popup(timeout=10_000) as opened:
            await page.goto(f"{site}/popup")
        popup = await opened.value
        async with asyncio.timeout(10):
            while not popup.is_closed():  # noqa: ASYNC110  # the browser decides when it is gone
                await asyncio.sleep(0.02)
        assert await page.title() == "opened"


async def test_nothing_of_a_browser_is_left(site: str) -> None:
    async with browsers(read_settings(), None) as pool:
        await title(pool, site)
        assert pool.group is not None
        group = pool.group
        assert len(members(group)) > 1

    await gone(group)


async def test_the_browser_knows_no_secret_of_ours(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIGHT_DATA_API_TOKEN", "CANARY-browser-environment")
    async with browsers(read_settings(), None) as pool:
        await title(pool, site)
        held = environ(pool.group)

    assert "PATH=" in held
    assert "CANARY" not in held


async def test_a_page_that_crashes_is_said_to_and_the_next_one_comes(
    pool: Browsers, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "TOLD_SECONDS", 20)  # a busy machine tells it late

    with pytest.raises(BrowserCrashed, match="ended the process"):
        await title(pool, "chrome://crash")

    assert await title(pool, site) == "Home"


async def test_a_killed_browser_is_replaced(pool: Browsers, site: str) -> None:
    await title(pool, site)
    group = pool.group
    assert group is not None

    async def killed() -> None:
        async with pool.page() as page:
            os.killpg(group, signal.SIGKILL)
            await page.goto(site)

    with pytest.raises(BrowserCrashed):
        await killed()

    assert await title(pool, site) == "Home"
    assert pool.group != group


async def test_a_frozen_browser_is_killed_and_replaced(pool: Browsers, site: str) -> None:
    await title(pool, site)
    group = pool.group
    assert group is not None
    began = time.monotonic()

    async def frozen() -> None:
        async with pool.page() as page, asyncio.timeout(0.5):
            os.killpg(group, signal.SIGSTOP)
            await page.goto(site)

    with pytest.raises(BrowserCrashed, match="answered nothing"):
        await frozen()

    await gone(group)
    assert await title(pool, site) == "Home"
    assert time.monotonic() - began < 30


async def test_a_slow_page_is_no_crash(pool: Browsers, site: str) -> None:
    async def slow() -> None:
        async with pool.page() as page, asyncio.timeout(0.5):
            await page.goto(f"{site}/hang")

    with pytest.raises(TimeoutError):
        await slow()

    assert await title(pool, site) == "Home"


async def test_a_page_that_never_rests_goes_with_its_block(pool: Browsers, site: str) -> None:
    async def busy() -> None:
        async with pool.page() as page, asyncio.timeout(3):
            await page.goto(f"{site}/busy")
            while True:
                await page.evaluate("1")

    with pytest.raises(TimeoutError):
        await busy()

    assert await title(pool, site) == "Home"


async def test_a_browser_serves_so_many_pages(pool: Browsers, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "PAGES", 2)
    groups = [await group_of(pool, site) for _ in range(3)]

    assert groups[0] == groups[1] != groups[2]
    await gone(groups[0])


async def test_an_idle_browser_goes(pool: Browsers, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "IDLE_SECONDS", 0.1)
    await gone(await group_of(pool, site))

    assert pool.group is None


async def group_of(pool: Browsers, url: str) -> Any:
    async with pool.page() as page:
        await page.goto(url)
        return pool.group

"""With what a browser is started, and what a page of it cannot do whatever it tries."""

import os
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.async_api import Error

from infra.runtime.browser.engine import _options
from infra.runtime.browser.pool import Browsers
from infra.runtime.browser.shared import shared_browsers
from infra.runtime.configuration.settings import read_settings
from infra.runtime.egress.chromium import FLAGS
from infra.runtime.runtime import Runtime

REGISTERED = "navigator.serviceWorker.getRegistrations().then(found => found.length)"
REGISTER = "navigator.serviceWorker.register('/worker.js').then(() => 'done', () => 'failed')"


@pytest.mark.parametrize(("user", "sandboxed"), [(10001, True), (0, False)])
def test_only_root_whom_chromium_refuses_it_goes_without_its_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, *, sandboxed: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)

    assert _options(Path("chromium"), None, tmp_path)["chromium_sandbox"] is sandboxed


def test_a_browser_has_the_flags_that_keep_it_behind_its_proxy(tmp_path: Path) -> None:
    options: dict[str, Any] = _options(Path("chromium"), "http://127.0.0.1:9", tmp_path)

    assert set(FLAGS) <= set(options["args"])
    assert options["proxy"] == {"server": "http://127.0.0.1:9"}  # with a bypass the first flag would be undone


async def test_a_page_that_was_given_no_proxy_reaches_nothing(site: str) -> None:
    async with AsyncExitStack() as leaving:
        pool = shared_browsers(cast("Runtime", SimpleNamespace(settings=read_settings(), leaving=leaving)))
        async with pool.page() as page:
            with pytest.raises(Error, match="ERR_PROXY_CONNECTION_FAILED"):
                await page.goto(site)


async def test_control_without_a_proxy_at_all_it_is_reached(pool: Browsers, site: str) -> None:
    async with pool.page() as page:
        await page.goto(site)
        assert await page.title() == "Home"


async def test_a_page_leaves_no_worker_behind(pool: Browsers, site: str) -> None:
    async with pool.page() as page:
        await page.goto(site)
        await page.evaluate(REGISTER)
        assert await page.evaluate(REGISTERED) == 0


async def test_control_in_a_profile_of_its_own_making_it_does(pool: Browsers, site: str) -> None:
    async with pool.page() as page:
        assert page.context.browser is not None
        context = await page.context.browser.new_context()
        other = await context.new_page()
        await other.goto(site)
        assert await other.evaluate(REGISTER) == "done"
        assert await other.evaluate(REGISTERED) == 1
        await context.close()

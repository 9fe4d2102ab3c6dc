"""One running Chromium: started without our secrets, asked whether it is well, ended whatever state it is in."""

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from infra.runtime.browser.driver import Driver, start_driver
from infra.runtime.egress.chromium import FLAGS
from infra.runtime.rooms import Room
from schemas.problem import Problem, ProblemClass

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

LAUNCH_SECONDS = 30.0
ANSWER_SECONDS = 3.0  # a well browser says its version in milliseconds, on a busy machine in one second
CLOSE_SECONDS = 5.0
WIDTH, HEIGHT = 1280, 800
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "FONTCONFIG_PATH", "FONTCONFIG_FILE")
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",  # containers have 64 MB of it
    "--disable-sync",
    "--no-first-run",
)

log = structlog.get_logger()


class BrowserCrashed(Problem):
    """The browser died, or answered nothing any more."""

    code: ClassVar[str] = "CAPTURE_BROWSER_CRASH"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    tries: ClassVar[int | None] = 2
    title: ClassVar[str] = "The browser crashed"
    recovery: ClassVar[str] = "It is tried once more by itself, in a new browser."
    remedy: ClassVar[str | None] = (
        "Open the page in a browser of your own: one that crashes there cannot be captured. Else give this machine more"
        " memory, then retry."
    )


@dataclass
class Engine:
    """A browser, the driver that speaks to it, and the folder for its files. ``group`` is its process group."""

    driver: Driver
    browser: "Browser"
    group: int
    home: Room
    pages: int = 0
    using: int = 0
    broken: bool = False
    _ending: "asyncio.Future[None] | None" = field(default=None, init=False)

    async def context(self, *, javascript: bool, proxy_url: str | None) -> "BrowserContext":
        """A fresh profile: nothing of other pages, no downloads, no service workers."""
        return await self.browser.new_context(
            proxy={"server": proxy_url} if proxy_url else None,
            accept_downloads=False,
            service_workers="block",
            java_script_enabled=javascript,
            viewport={"width": WIDTH, "height": HEIGHT},
            user_agent=user_agent(self.browser.version),
        )

    async def answers(self) -> bool:
        """Whether it is well."""
        from playwright.async_api import Error  # noqa: PLC0415  # heavy, and loaded by now

        with suppress(TimeoutError, Error):
            async with asyncio.timeout(ANSWER_SECONDS):
                return bool(await _ask(self.browser, "Browser.getVersion"))
        return False

    def kill(self) -> None:
        """End it at once, with all its children."""
        self.broken = True
        with suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)

    async def close(self) -> None:
        """End it, by force where it does not go; once. Who is cancelled meanwhile is so when it has ended."""
        self._ending = self._ending or asyncio.ensure_future(self._end())
        try:
            await asyncio.shield(self._ending)
        finally:
            await asyncio.wait({self._ending})

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.browser.close()
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, it has to go
            log.warning("a browser was ended by force", reason=str(error) or type(error).__name__)
        self.kill()
        try:
            await self.driver.end()
        finally:
            self.home.leave()


async def launch(executable: Path, *, proxy_url: str | None) -> Engine:
    """Start Chromium behind a proxy. Raises ``BrowserCrashed`` where it does not start."""
    from playwright.async_api import Error  # noqa: PLC0415  # heavy

    home = await asyncio.to_thread(Room.enter, "browser")
    driver: Driver | None = None
    try:
        driver = await start_driver()
        browser = await driver.playwright.chromium.launch(**_options(executable, proxy_url, home.path))
        return Engine(driver, browser, os.getpgid(await _process_id(browser)), home)
    except BaseException as error:
        if driver is not None:
            await driver.end()
        home.leave()
        if isinstance(error, Error):
            raise BrowserCrashed(f"{executable} did not start: {_reason(error)}") from error
        raise


def user_agent(chromium: str) -> str:
    """As whom we introduce ourselves; ``chromium`` is the browser's version."""
    engine = f"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chromium.partition('.')[0]}.0.0.0 Safari/537.36"
    return f"Mozilla/5.0 (X11; Linux x86_64) {engine} headrace/{version('headrace')}"


def _options(executable: Path, proxy_url: str | None, home: Path) -> dict[str, Any]:
    sandboxed = os.geteuid() != 0
    if not sandboxed:
        log.warning("the browser runs without its sandbox", reason="Chromium refuses it to root; use another user")
    proxy = {"proxy": {"server": proxy_url}} if proxy_url else {}
    return {
        "executable_path": executable,
        "args": [*_QUIET, *FLAGS],
        "chromium_sandbox": sandboxed,
        "timeout": LAUNCH_SECONDS * 1000,
        "handle_sigint": False,
        "env": {"HOME": str(home), **{name: os.environ[name] for name in _INHERITED if name in os.environ}},
        **proxy,
    }


async def _process_id(browser: "Browser") -> int:
    found = await _ask(browser, "SystemInfo.getProcessInfo")
    return next(int(one["id"]) for one in found["processInfo"] if one["type"] == "browser")


async def _ask(browser: "Browser", method: str) -> Any:
    session = await browser.new_browser_cdp_session()
    try:
        return await session.send(method)
    finally:
        await session.detach()


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]

"""The process that drives a browser ends with it, however it is and whatever happens meanwhile."""

import asyncio
import gc
import os
import signal
import tempfile
import threading
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.runtime.browser import driver as drivers
from infra.runtime.browser import engine as engines
from infra.runtime.browser import pool as pools
from infra.runtime.browser.chromium import find_chromium
from infra.runtime.browser.engine import BrowserCrashed, Engine, launch
from infra.runtime.browser.pool import browsers
from infra.runtime.configuration.settings import read_settings

HEARING = "PipeTransport.run"  # it listens to a driver that said nothing yet


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(engines, "CLOSE_SECONDS", 0.5)
    monkeypatch.setattr(drivers, "STOP_SECONDS", 0.5)
    yield
    end_all()


async def started() -> Engine:
    return await launch(find_chromium(read_settings()), proxy_url=None)


async def heard() -> asyncio.Task[Engine]:
    """A start whose driver runs and has said nothing yet."""
    starting = asyncio.create_task(started())
    async with asyncio.timeout(20):
        while not (running() and any(HEARING in repr(task) for task in asyncio.all_tasks())):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
    return starting


def running() -> list[psutil.Process]:
    """The drivers of this process, also those that ended and that nobody waited for."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE or "run-driver" in child.cmdline():
                found.append(child)
    return found


def rooms(folder: Path) -> list[Path]:
    return list(folder.glob("*-browser-*"))


def end_all() -> None:
    """Kill the drivers that run, and wait for them."""
    for driver in running():
        driver.kill()
    for thread in threading.enumerate():
        if thread.name.startswith("asyncio-waitpid"):  # it holds what belongs to a process until that has gone
            thread.join(10)


def warned_of(work: Coroutine[Any, Any, None]) -> list[str]:
    """What Python complains about when the work is over, its loop closed, and no driver left."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asyncio.run(work)
        end_all()
        gc.collect()
    return [str(one.message) for one in said]


def test_a_driver_that_hangs_is_ended_and_nothing_of_it_is_left() -> None:
    async def hung() -> None:
        engine = await started()
        [driver] = running()
        os.kill(driver.pid, signal.SIGSTOP)
        await engine.close()
        assert running() == []

    assert warned_of(hung()) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_control_a_driver_that_is_left_is_seen_and_warned_of() -> None:
    async def forgotten() -> None:
        engine = await started()
        engine.kill()
        engine.home.leave()
        assert len(running()) == 1

    assert any("unclosed transport" in one for one in warned_of(forgotten()))


async def test_who_is_cancelled_while_a_browser_ends_is_so_when_it_has_ended() -> None:
    engine = await started()
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    assert len(running()) == 1

    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing

    assert running() == []
    assert not engine.home.path.exists()


async def test_an_idle_browser_that_is_ending_has_ended_when_all_are_closed(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "IDLE_SECONDS", 0)
    async with browsers(read_settings(), None) as pool:
        async with pool.page() as page:
            await page.goto(site)
            assert len(running()) == 1
        async with asyncio.timeout(10):
            while pool.group is not None:  # noqa: ASYNC110  # nothing tells that it began
                await asyncio.sleep(0)

    assert running() == []


async def test_a_browser_that_does_not_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(BrowserCrashed, match="did not start"):
        await launch(Path("/bin/false"), proxy_url=None)

    assert running() == []
    assert rooms(tmp_path) == []


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    starting = await heard()
    assert (len(rooms(tmp_path)), starting.done()) == (1, False)

    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting

    assert running() == []
    assert rooms(tmp_path) == []


async def test_a_loop_that_ends_while_a_browser_starts_ends_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    starting = await heard()

    for task in asyncio.all_tasks() - {asyncio.current_task()}:  # as at the end of every loop
        task.cancel()
    await asyncio.wait({starting}, timeout=20)

    assert starting.cancelled()
    assert running() == []
    assert rooms(tmp_path) == []

"""How long a worker that was told gets to end: from then on, whether the stack ends too or goes on."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from infra.local import workers
from infra.local.workers import Child, Workers
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime, open_runtime
from tests.contract.jobs.rig import until

GETS_SECONDS = 1.0
HANGS = "import time; time.sleep(60)"
FOLLOWS = "import sys; sys.stdin.read()"


async def crew(script: str) -> Workers:
    """One worker process that does as the script says."""
    made = Workers(cast("Runtime", None), most=1)  # nobody is to be started
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=PIPE)
    made.children["one"] = Child(process, 0.0)
    return made


async def waited(made: Workers, *, meanwhile: float) -> float:
    """Seconds that were waited for the workers after all else took ``meanwhile`` to end."""
    async with made.watching():
        pass
    await asyncio.sleep(meanwhile)
    began = time.monotonic()
    await made.ended()
    return time.monotonic() - began


def left(made: Workers) -> Any:
    return made.children["one"].process.returncode


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GONE_SECONDS", GETS_SECONDS)


async def test_a_worker_that_hangs_is_killed_when_its_time_is_over_and_no_later() -> None:
    made = await crew(HANGS)

    assert await waited(made, meanwhile=GETS_SECONDS) < GETS_SECONDS / 2
    assert left(made) == -9


async def test_control_it_gets_what_is_left_of_its_time() -> None:
    made = await crew(HANGS)

    assert await waited(made, meanwhile=0.0) >= GETS_SECONDS * 0.9
    assert left(made) == -9


async def test_control_a_worker_that_follows_is_not_killed() -> None:
    made = await crew(FOLLOWS)

    await waited(made, meanwhile=0.0)

    assert left(made) == 0


@pytest.fixture
async def idle(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """A system that has no work for a second process."""
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.02)
    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path)) as runtime:
        yield runtime


@pytest.mark.parametrize(("script", "code"), [(HANGS, -9), (FOLLOWS, 0)])
async def test_a_worker_that_is_not_needed_is_gone_in_time(idle: Runtime, script: str, code: int) -> None:
    made = await crew(script)
    made.runtime, made.most = idle, 2
    process = made.children["one"].process

    async def gone() -> bool:
        return not made.children

    async with made.watching():
        await until(gone, patience=10 * GETS_SECONDS)

    assert process.returncode == code

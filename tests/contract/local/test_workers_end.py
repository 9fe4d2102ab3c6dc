"""How long a stack that ends waits for its workers: from when it told them, not from when it comes to wait."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from typing import Any, cast

import pytest

from infra.local import workers
from infra.local.workers import Child, Workers
from infra.runtime.runtime import Runtime

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

"""Emulators that die while they are used."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from infra.local.emulators import Emulators, emulators
from infra.local.emulators.addresses import free_port
from infra.local.emulators.child import Program
from infra.local.emulators.kept import EmulatorDied, failing, kept_up
from infra.runtime.configuration.emulated import answers

PATIENCE = 60.0
# serves until it is killed, and never a second time
ONCE = """
import http.server, pathlib, sys
if pathlib.Path(sys.argv[2]).exists():
    sys.exit("worn out")
pathlib.Path(sys.argv[2]).touch()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def running(name: str, port: str) -> psutil.Process:
    """The leash whose program listens on this port, or is called so."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        line = " ".join(process.cmdline())
        if "emulators.leash" in line and name in line and port in line:
            return process
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("emulator", "program"),
    [("pubsub", "pubsub"), ("storage", "fake-gcs-server"), ("storage", "storage_guard"), ("bigquery", "bigquery")],
)
@pytest.mark.parametrize("killed", ["its program", "its leash"])
@pytest.mark.usefixtures("installed_emulators")
async def test_one_that_is_killed_comes_back_where_it_was_and_is_furnished_anew(
    tmp_path: Path, emulator: str, program: str, killed: str, storage_emulator: str
) -> None:
    furnished: list[Emulators] = []

    async def furnish(found: Emulators) -> None:
        furnished.append(found)

    given = {} if emulator == "storage" else {"storage": storage_emulator}
    async with emulators(tmp_path, wanted={emulator}, given=given, furnish=furnish) as found:
        where = getattr(found, emulator)
        leash = running(program, where.rpartition(":")[2])
        [child] = leash.children()
        (child if killed == "its program" else leash).kill()

        async with asyncio.timeout(PATIENCE):
            while len(furnished) < 2:  # noqa: ASYNC110  # another process cannot set an Event
                await asyncio.sleep(0.02)

        assert furnished == [found, found]
        assert answers(where)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert not answers(where)


async def test_one_that_does_not_come_back_ends_whoever_uses_it_and_says_so(tmp_path: Path) -> None:
    port = str(free_port())
    command = [sys.executable, "-c", ONCE, port, str(tmp_path / "worn")]
    program = Program(name="once", command=command, probe=f"http://127.0.0.1:{port}/")

    async def nothing() -> None:
        return

    async def use() -> None:
        async with failing() as fail, kept_up(program, tmp_path, again=nothing, fail=fail):
            [child] = running("worn", port).children()
            child.kill()
            await asyncio.Event().wait()

    with pytest.raises(EmulatorDied, match="worn out") as told:
        await asyncio.wait_for(use(), PATIENCE)

    assert "start the system again" in told.value.recovery


async def test_control_one_that_lives_ends_nobody_and_a_cancellation_stays_one(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), failing():
            await asyncio.Event().wait()

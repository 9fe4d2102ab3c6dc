"""An emulator as a child process: started, waited for until it answers, ended by its id."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

import aiohttp

from schemas.problem import Problem

READY_SECONDS = 60.0  # alone on a machine the slowest takes two
LOOK_SECONDS = 0.05
GONE_SECONDS = 4.0  # what a whole stack has left to stop in time
_LEASH = (sys.executable, "-P", "-m", "infra.local.emulators.leash")
_TOLD = 800  # characters of a log


class EmulatorFailed(Problem):
    """An emulator was started and does not answer."""

    code: ClassVar[str] = "EMULATOR_FAILED"
    title: ClassVar[str] = "An emulator does not start"
    recovery: ClassVar[str] = (
        "Read its log in the folder `emulators` of HEADRACE_DATA_DIR; `headrace emulators --install` installs it anew."
    )


@dataclass(frozen=True, kw_only=True)
class Program:
    """How an emulator is run. It is ready once ``probe`` answers with 200 and what ``first`` does is done."""

    name: str
    command: Sequence[str]
    probe: str
    environment: Mapping[str, str] = field(default_factory=dict)
    first: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Child:
    """A program that was started. ``let_go`` has it go, without waiting."""

    process: Process
    let_go: Callable[[], None]


@asynccontextmanager
async def started(program: Program, folder: Path) -> AsyncIterator[Child]:
    """The program at work inside the block, its output in ``folder``. Raises ``EmulatorFailed``."""
    log = folder / f"{program.name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *_LEASH,
            *program.command,
            stdin=PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, **program.environment},
            start_new_session=True,  # Ctrl-C is for us: it must be there until nobody needs it
        )
    leash = cast("asyncio.StreamWriter", process.stdin)
    try:
        await _ready(program, process, log)
        if program.first is not None:
            await program.first()
        yield Child(process, leash.close)
    finally:
        leash.close()
        await _gone(process)


async def _ready(program: Program, process: Process, log: Path) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as http:
            while not await _answers(http, program.probe):
                if process.returncode is not None:
                    raise EmulatorFailed(f"{program.name} ended with {process.returncode}: {_last(log)}")
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        raise EmulatorFailed(f"{program.name} did not answer in {READY_SECONDS:g} s: {_last(log)}") from error


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError):
        async with http.get(url) as answer:
            return answer.ok
    return False


async def _gone(process: Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), GONE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # a leash that was killed leaves its program behind


def _last(log: Path) -> str:
    return log.read_text(errors="replace")[-_TOLD:].strip()

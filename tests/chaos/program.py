"""A program in a process group of its own, and how tests wait for what it does."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

from infra.runtime.configuration.variables import defaults

ROOT = Path(__file__).parents[2]
OURS = frozenset(one.name for one in defaults())

Seen = TypeVar("Seen")


async def until(what: str, look: Callable[[], Awaitable[Seen]], *, seconds: float, every: float = 0.05) -> Seen:
    """The first answer of ``look`` that is true; fails with ``what`` when there is none in time."""
    ends = time.monotonic() + seconds
    while not (seen := await look()):
        assert time.monotonic() < ends, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(every)
    return seen


class Program:
    """A program that leads a process group of its own; what it says is kept in ``log``."""

    def __init__(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path = ROOT):
        self.log = log
        self._command = command
        self._folder = folder
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        self._environment = {**inherited, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, as a terminal does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill the whole group at once; fine if it is gone."""
        if self._process is not None:
            self.tell(signal.SIGKILL)
            self._process.wait()

    async def ended(self, *, seconds: float) -> int:
        """Its exit code, once it has ended."""

        async def gone() -> bool:
            return not self.running

        await until(f"{self._command[0]} ends", gone, seconds=seconds, every=0.01)
        assert self._process is not None
        return int(self._process.returncode)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def peak_bytes(self) -> int:
        """The most memory it ever held at once."""
        return _status_bytes(self.pid, "VmHWM")

    def forget_peak(self) -> None:
        """Count the peak from here on."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def held_bytes(self) -> int:
        """The memory it holds now."""
        return _status_bytes(self.pid, "VmRSS")


def _status_bytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name + ":"))


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; where nobody buries the dead, the killed stay as zombies."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False

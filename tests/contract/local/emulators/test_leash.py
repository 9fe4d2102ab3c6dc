"""Emulators end with whoever started them, however that one ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

LEASH = [sys.executable, "-P", "-m", "infra.local.emulators.leash"]
PATIENCE = 10.0
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PROGRAM = "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
# starts the command and never looks at it again
PARENT = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE); time.sleep(60)"


def until(happened: Callable[[], bool]) -> bool:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if happened():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether it runs; what has ended and was not fetched does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def started(note: Path) -> int:
    """The process id that a program wrote down."""
    assert until(lambda: note.exists() and note.read_text().endswith("\n"))
    return int(note.read_text())


def program(note: Path, *, before: str = "") -> list[str]:
    return [sys.executable, "-c", before + PROGRAM, str(note)]


@pytest.mark.parametrize("before", ["", STUBBORN], ids=["docile", "stubborn"])
def test_a_program_ends_when_whoever_started_it_is_killed(tmp_path: Path, before: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *LEASH, *program(tmp_path / "note", before=before)])
    pid = started(tmp_path / "note")

    parent.kill()
    parent.wait()

    assert until(lambda: not alive(pid))


def test_control_without_the_leash_it_is_left_behind(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *program(tmp_path / "note")])
    pid = started(tmp_path / "note")
    try:
        parent.kill()
        parent.wait()

        assert alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_program_ends_when_the_input_ends(tmp_path: Path) -> None:
    with subprocess.Popen([*LEASH, *program(tmp_path / "note")], stdin=subprocess.PIPE) as leash:
        pid = started(tmp_path / "note")
        leash.communicate(b"not yet", timeout=PATIENCE)

    assert not alive(pid)


def test_a_program_ends_when_the_leash_is_told_to(tmp_path: Path) -> None:
    with subprocess.Popen([*LEASH, *program(tmp_path / "note")], stdin=subprocess.PIPE) as leash:
        pid = started(tmp_path / "note")
        leash.terminate()
        leash.wait(PATIENCE)

        assert not alive(pid)


def test_a_program_that_ends_by_itself_tells_how() -> None:
    with subprocess.Popen([*LEASH, sys.executable, "-c", "raise SystemExit(7)"], stdin=subprocess.PIPE) as leash:
        assert leash.wait(PATIENCE) == 7

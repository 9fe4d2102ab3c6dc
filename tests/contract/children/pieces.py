"""Work that children are given in tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from schemas.problem import Problem


class Refused(Problem):
    code = "REFUSED"
    title = "Refused"


def add(one: int, two: int) -> int:
    os.write(1, b"libraries print")
    return one + two


def refuse() -> None:
    raise Refused("no", why="because")


def stumble() -> None:
    raise ValueError("odd bytes")


def swallow() -> int:
    return len(bytearray(4 << 30))


def spin() -> None:
    while True:
        pass


def sleep(pid_file: str) -> None:
    """Sleeps, beside a process of its own."""
    other = subprocess.Popen(["sleep", "60"])
    Path(pid_file).write_text(f"{os.getpid()} {other.pid}")
    time.sleep(60)


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def variables() -> list[str]:
    return sorted(os.environ)


def exit_oddly() -> None:
    sys.stdout.flush()
    os._exit(3)


def modules() -> list[str]:
    return sorted(sys.modules)

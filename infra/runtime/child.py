"""A child process: takes one order from its input, works it within limits, and answers once."""

import importlib
import os
import resource
import sys
import threading
import traceback
from typing import Any, BinaryIO

import msgspec

from infra.runtime.answer import Answer
from schemas.problem import Problem

FILE_BYTES = 8 << 30
_GRACE = 1  # seconds of processor time until it is killed for good


def main() -> None:
    """Work the order that stands in the input."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever libraries print must not stand in the answer
    size = int.from_bytes(sys.stdin.buffer.read(8), "big")
    module, name, args, limits = msgspec.msgpack.decode(sys.stdin.buffer.read(size))
    threading.Thread(target=_end_with, args=[sys.stdin.buffer], daemon=True).start()
    answers.write(msgspec.msgpack.encode(_answer(module, name, args, limits)))
    answers.flush()
    os._exit(0)  # what is left of the work must not be able to hold or to spoil the end


def _answer(module: str, name: str, args: list[Any], limits: dict[str, int]) -> Answer:
    try:
        _limit(**limits)
        return Answer(value=getattr(importlib.import_module(module), name)(*args))
    except MemoryError:
        return Answer(limit="memory")
    except Problem as problem:
        kind = type(problem)
        return Answer(problem=(kind.__module__, kind.__qualname__, problem.detail, problem.extra))
    except Exception:  # noqa: BLE001  # whatever it is, it is told
        return Answer(error=traceback.format_exc())


def _limit(*, memory_bytes: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + _GRACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with(parent: BinaryIO) -> None:
    parent.read()
    os._exit(1)


if __name__ == "__main__":
    main()

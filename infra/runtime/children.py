"""Work on bytes that others made, each piece in a child process with limits: what they kill is the child.

A child knows none of the parent's variables but those that say where programs and modules are.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
import structlog

from infra.runtime.answer import Answer
from schemas.problem import Problem, ProblemClass

log = structlog.get_logger()

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
WALL_SECONDS = 90.0
ANSWER_BYTES = 16 << 20
_TOLD_BYTES = 16 << 10  # of what it wrote before it died
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
# what native code says before it gives up
_NO_MEMORY = (b"memory allocation of", b"bad_alloc", b"Cannot allocate memory")
# Pools and threads that reserve address space would meet the limit long before the data does.
_SMALL = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}


class ChildExceeded(Problem):
    """The work took more memory, processor time or time than it may; ``limit`` in ``extra`` says which."""

    code: ClassVar[str] = "CHILD_EXCEEDED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 422
    title: ClassVar[str] = "This takes more memory or time than it may"
    recovery: ClassVar[str] = "Send less at once, or something simpler."


class ChildDied(Problem):
    """The process that did the work ended without an answer."""

    code: ClassVar[str] = "CHILD_DIED"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    tries: ClassVar[int | None] = 2
    title: ClassVar[str] = "The process that read this died of it"
    recovery: ClassVar[str] = "Look at the log around this time; what was read is probably damaged."


async def in_child(
    function: Callable[..., Any],
    args: Sequence[Any],
    *,
    memory_bytes: int = MEMORY_BYTES,
    cpu_seconds: int = CPU_SECONDS,
    wall_seconds: float = WALL_SECONDS,
) -> Any:
    """What a module's function returns for these arguments, called in a child; both must be what JSON can say.

    Raises the function's own ``Problem``, ``ChildExceeded`` and ``ChildDied``. The child and all it started are gone
    when this returns, also when it is cancelled.
    """
    called = (function.__module__, function.__qualname__)
    order = msgspec.msgpack.encode((*called, list(args), {"memory_bytes": memory_bytes, "cpu_seconds": cpu_seconds}))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "infra.runtime.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(os.environ),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall_seconds):
            said, told = await _conversation(process, order)
            code = await process.wait()
    except TimeoutError:
        raise ChildExceeded(f"It took longer than {wall_seconds:g} s", limit="wall") from None
    finally:
        await _end(process)
    return _value(said, told, code, cpu_seconds=cpu_seconds, memory_bytes=memory_bytes)


async def _conversation(process: asyncio.subprocess.Process, order: bytes) -> tuple[bytes, bytes]:
    assert process.stdin is not None  # noqa: S101  # all three are pipes
    assert process.stdout is not None  # noqa: S101  # see above
    assert process.stderr is not None  # noqa: S101  # see above
    with contextlib.suppress(ConnectionError):
        # not closed: its end tells the child that nobody waits for it any more
        process.stdin.write(len(order).to_bytes(8, "big") + order)
        await process.stdin.drain()
    said, told = await asyncio.gather(_read(process.stdout, ANSWER_BYTES + 1), _read(process.stderr, _TOLD_BYTES))
    return said, told


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    """The first bytes of a stream, which is read to its end."""
    kept = b""
    while block := await stream.read(1 << 16):
        if len(kept) < most:
            kept = (kept + block)[:most]
    return kept


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what it started too, also after its own end
    await asyncio.shield(process.wait())
    if process.stdin is not None:
        process.stdin.close()


def _value(said: bytes, told: bytes, code: int, *, cpu_seconds: int, memory_bytes: int) -> Any:
    if code == -signal.SIGXCPU:
        raise ChildExceeded(f"It took more than {cpu_seconds} s of processor time", limit="cpu")
    try:
        answer = msgspec.msgpack.decode(said, type=Answer)
    except msgspec.DecodeError:
        if any(words in told for words in _NO_MEMORY):
            raise ChildExceeded(f"It took more than {memory_bytes >> 20} MiB of memory", limit="memory") from None
        log.warning("a child died", code=code, told=told.decode("utf-8", "replace"))
        raise ChildDied(f"The process ended with {code} and without an answer") from None
    if answer.limit is not None:
        raise ChildExceeded(f"It took more than {memory_bytes >> 20} MiB of memory", limit=answer.limit)
    if answer.problem is not None:
        raise _problem(*answer.problem)
    if answer.error is not None:
        log.warning("a child failed", error=answer.error)
        raise ChildDied(f"Nobody foresaw this: {answer.error.splitlines()[-1][:300]}")
    return answer.value


def _problem(module: str, name: str, detail: str, extra: Mapping[str, Any]) -> Problem:
    """Only what this process knows already: a child that was taken over must not choose what is imported here."""
    kind = getattr(sys.modules.get(module), name, None)
    if isinstance(kind, type) and issubclass(kind, Problem):
        made = kind.__new__(kind)
        Problem.__init__(made, detail, **extra)
        return made
    return ChildDied(f"{name}: {detail}")


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    kept = {name: ours[name] for name in _KEPT if name in ours}
    return {**kept, **_SMALL, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

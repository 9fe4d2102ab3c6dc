"""Measures one program at a time: store, queue, work, wait for the last end."""

import asyncio
import json
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.benchmarks.peers.program import Notebook
from tests.benchmarks.peers.programs import program
from tests.benchmarks.stores import Store, cpu_seconds

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0
WARM_UP = 2
PACED = 120
EVERY = 0.02

Figures = dict[str, float]
"""Jobs a second, queued ``single``, by a ``crowd`` and in ``bulk``, and ``drain``-ed; the same per CPU second of the
program (``_cpu``) and of the program and its server (``_all_cpu``); ``p50`` and ``p99`` in milliseconds."""


async def drain(
    store: Store, name: str, *, single: int, bulk: int, crowd: int = 0, options: tuple[object, ...] = ()
) -> Figures:
    """Fill a fresh store, let one worker empty it: from its first start until the last end is committed."""
    async with store.fresh() as address:
        what = program(name)
        await what.prepare(address)
        amounts = ("--single", single, "--crowd", crowd, "--bulk", bulk, "--server", store.pid)
        figures = await _figures(await _child(name, "fill", address, *amounts))
        async with what.watch(address) as busy, _working(name, address, *options) as (child, notebook):
            count, served = single + crowd + bulk + WARM_UP, cpu_seconds(store.pid)
            await _began(notebook, count, child)
            async with asyncio.timeout(PATIENCE):
                while await busy():  # noqa: ASYNC110  # no store sets events
                    await asyncio.sleep(0.001)
            ended, cpu, served = time.monotonic(), cpu_seconds(child.pid), cpu_seconds(store.pid) - served
            first = notebook.notes()[0]
    cpu -= first.cpu
    return figures | {
        "drain": count / (ended - first.started),
        "drain_cpu": count / cpu,
        "drain_all_cpu": count / (cpu + served),
    }


async def latency(store: Store, name: str) -> Figures:
    """Milliseconds from the call that queues a job to its start, on a worker with nothing else to do."""
    async with store.fresh() as address:
        await program(name).prepare(address)
        async with _working(name, address) as (child, notebook):
            for told in (5, PACED):
                before = notebook.count()
                await _figures(await _child(name, "pace", address, "--single", told, "--every", EVERY))
                await _began(notebook, before + told, child)
            waits = sorted(1000 * (note.started - note.enqueued) for note in notebook.notes()[-PACED:])
    return {"p50": waits[PACED // 2], "p99": waits[PACED * 99 // 100]}


async def _child(name: str, role: str, address: str, *options: object) -> Process:
    command = [sys.executable, "-m", "tests.benchmarks.peers", name, role, address, *map(str, options)]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)


async def _figures(child: Process) -> Figures:
    out, err = await asyncio.wait_for(child.communicate(), PATIENCE)
    assert child.returncode == 0, err.decode()
    found: Figures = json.loads(out)
    return found


@asynccontextmanager
async def _working(name: str, address: str, *options: object) -> AsyncIterator[tuple[Process, Notebook]]:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        notebook = Notebook(Path(folder) / "notes")
        child = await _child(name, "work", address, "--notes", notebook.path, *options)
        try:
            yield child, notebook
        finally:
            await _end(child)


async def _end(child: Process) -> None:
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.communicate(), 5)
    except TimeoutError:
        child.kill()
        await child.communicate()


async def _began(notebook: Notebook, count: int, child: Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while notebook.count() < count:
            if child.returncode is not None or child.stderr is None:
                raise AssertionError((await child.communicate())[1].decode())
            await asyncio.sleep(0.002)

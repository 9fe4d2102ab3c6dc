"""A call to Google that is not answered cannot be stopped: whoever waits for it still ends when it is told to."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.embedded.threads import in_thread
from infra.runtime.functions import serving, topology
from infra.runtime.runtime import ROOT, Runtime

DEAF_SECONDS = 25.0
MOST_SECONDS = 8.0  # two less than Cloud Run gives

COMMAND = """
import asyncio, time, uvloop
from infra.embedded.threads import in_thread
from infra.local.signals import until_interrupted

async def work():
    call = asyncio.create_task(in_thread(time.sleep, %s))
    await asyncio.sleep(0.2)
    print("asks", flush=True)
    await asyncio.Event().wait()

uvloop.run(until_interrupted(work()))
"""

FUNCTION = """
import asyncio, contextlib, signal, time
from types import SimpleNamespace
from infra.embedded.threads import in_thread
from infra.runtime.functions import instance

@contextlib.asynccontextmanager
async def opening():
    yield SimpleNamespace(stopping=asyncio.Event(), doorbell=SimpleNamespace(rouse=lambda: None))

async def push():
    instance.END_SECONDS = 0.3
    one = instance.Instance(opening)
    with one:
        await one.runtime()
        call = asyncio.create_task(in_thread(time.sleep, %s))
        await asyncio.sleep(0.2)
        print("asks", flush=True)
        await asyncio.shield(call)

signal.signal(signal.SIGTERM, lambda *_: None)
asyncio.run(push())
"""


@pytest.mark.parametrize("program", [COMMAND, FUNCTION], ids=["command", "function"])
def test_a_process_that_waits_for_an_answer_ends_in_time(program: str) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", program % DEAF_SECONDS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    said = running.stdout.readline()

    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    code = running.wait(timeout=DEAF_SECONDS + 20)
    running.stdout.close()

    assert (said, code) == ("asks\n", 0)
    assert time.monotonic() - began < MOST_SECONDS


async def test_a_function_that_waits_for_an_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asked = threading.Event(), asyncio.Event()

    class Deaf:
        async def serve(self, _: Runtime, __: asyncio.Event) -> None:
            asked.set()
            await in_thread(answer.wait, DEAF_SECONDS)

    monkeypatch.setattr(topology, "function", lambda _: Deaf())
    monkeypatch.setattr(serving, "STOP_SECONDS", 0.05)
    monkeypatch.setattr(serving, "CANCEL_SECONDS", 0.05)
    runtime: Any = SimpleNamespace(doorbell=SimpleNamespace(rouse=lambda: None))
    began = time.monotonic()
    try:
        async with serving.serving(cast("Runtime", runtime), ["deaf"]):
            await asked.wait()
        took = time.monotonic() - began
    finally:
        answer.set()

    assert took < MOST_SECONDS

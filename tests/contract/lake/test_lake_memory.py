"""A lake moves objects of any size through little memory, there and back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
MIB = 1 << 20
ROOM = 56  # mebibytes: a few requests of 8 on their way, whatever the object's size

MOVE = """
import asyncio, json, sys
from pathlib import Path

def peak():  # not getrusage's: that one begins with what the process that started us held
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024

async def blocks(mebibytes):
    block = bytes(range(256)) * 4096
    for _ in range(mebibytes):
        yield block

async def taken(name):
    size = 0
    async for block in lake.read(name):
        size += len(block)
    return size

async def moved(name, mebibytes):
    await lake.create(name, blocks(mebibytes))
    return await taken(name)

async def main(mebibytes):
    await moved("small", 1)
    before = peak()
    size = await moved("big", mebibytes)
    print(json.dumps({"size": size, "growth": peak() - before}))

asyncio.run(main(int(sys.argv[1])))
"""

WHOLE = """
async def taken(name):
    return len(b"".join([block async for block in lake.read(name)]))

async def moved"""


def measured(code: str, mebibytes: int) -> dict[str, int]:
    run = subprocess.run(
        [sys.executable, "-c", code, str(mebibytes)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, int] = json.loads(run.stdout)
    return found


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a process's own peak")


@pytest.fixture(params=["embedded", "storage"])
def adapter(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"{request.param}_adapter")


@pytest.mark.parametrize("mebibytes", [64, pytest.param(200, marks=pytest.mark.slow)])
def test_a_long_object_needs_little_memory(adapter: Any, mebibytes: int) -> None:
    found = measured(adapter.code + MOVE, mebibytes)

    assert found["size"] == mebibytes * MIB
    assert found["growth"] < ROOM, found


def test_control_an_object_that_is_held_whole_is_noticed(adapter: Any) -> None:
    found = measured(adapter.code + MOVE.replace("async def moved", WHOLE, 1), 64)

    assert found["size"] == 64 * MIB
    assert found["growth"] > ROOM, found

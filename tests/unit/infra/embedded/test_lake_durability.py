"""A writer that dies, or a machine that loses power, at any point: the object is there whole, or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.lake import Lake

ROOT = Path(__file__).parents[4]

SWEEP = """
import asyncio, fcntl, itertools, json, os, signal, sys
from pathlib import Path
from infra.embedded.lake import Lake
from schemas.stored_object import ObjectExists

POINTS = [(os, "open"), (fcntl, "flock"), (os, "write"), (os, "utime"), (os, "setxattr"), (os, "fsync"),
          (os, "mkdir"), (os, "link"), (os, "unlink"), (os, "close")]

def arm(nth):
    count = itertools.count(1)
    def deadly(real):
        def call(*args, **kwargs):
            if next(count) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    for module, name in POINTS:
        setattr(module, name, deadly(getattr(module, name)))

async def blocks():
    yield b"x" * (1 << 20)
    yield b"y"

async def write(lake):
    try:
        await lake.create("a/b", blocks())
    except ObjectExists:
        pass

async def look(root):
    lake = Lake(root)
    found = await lake.stat("a/b")
    listed = [name async for name in lake.list("")]
    await write(lake)
    await lake.sweep(-1)
    again = await lake.stat("a/b")
    return {"size": found and found.size_bytes, "listed": listed, "again": again.size_bytes,
            "left": os.listdir(root / ".tmp")}

for nth in itertools.count(1):
    root = Path(sys.argv[1]) / str(nth)
    lake = Lake(root)
    child = os.fork()
    if not child:
        arm(nth)
        asyncio.run(write(lake))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if not status:
        break
    print(json.dumps(asyncio.run(look(root))))
"""


def test_a_writer_killed_at_any_step_leaves_all_or_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SWEEP, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    runs = [json.loads(line) for line in run.stdout.splitlines()]
    whole = {"size": (1 << 20) + 1, "listed": ["a/b"]}
    nothing = {"size": None, "listed": []}

    assert len(runs) > 12
    assert {str({key: run[key] for key in whole}) for run in runs} == {str(whole), str(nothing)}
    assert all((run["again"], run["left"]) == (whole["size"], []) for run in runs)


Step = tuple[str, str]


def survives_power_loss(steps: list[Step], root: Path) -> bool:
    """Whether the bytes were synced before they got their name, and every folder of the name after it."""
    named = next(at for at, (step, _) in enumerate(steps) if step == "link")
    before, after = steps[:named], steps[named:]
    folders = {str(root / "a" / "b"), str(root / "a"), str(root)}
    return any(step == "fsync" and "/.tmp/" in path for step, path in before) and folders <= {
        path for step, path in after if step == "fsync"
    }


async def recorded(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    steps: list[Step] = []
    fsync, link = os.fsync, os.link

    def noted_fsync(fd: int) -> None:
        steps.append(("fsync", str(Path(f"/proc/self/fd/{fd}").readlink())))
        fsync(fd)

    def noted_link(source: Any, target: Any) -> None:
        steps.append(("link", str(target)))
        link(source, target)

    async def blocks() -> AsyncIterator[bytes]:
        yield b"1"

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "link", noted_link)
    await lake.create("a/b/c", blocks())
    return steps


async def test_an_object_survives_a_power_cut_once_it_was_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = await recorded(Lake(tmp_path), monkeypatch)

    assert survives_power_loss(steps, tmp_path)


async def test_a_missing_sync_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = await recorded(Lake(tmp_path), monkeypatch)

    for missing in (step for step in steps if step[0] == "fsync"):
        assert not survives_power_loss([step for step in steps if step != missing], tmp_path)

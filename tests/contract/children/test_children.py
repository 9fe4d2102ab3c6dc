"""A child does one piece of work, and dies of it alone."""

import asyncio
import time
from pathlib import Path

import pytest

from infra.runtime.children import ChildDied, ChildExceeded, in_child
from tests.contract.children import pieces


def alive(pid: str) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


async def gone(pids: list[str]) -> None:
    async with asyncio.timeout(10):
        while any(alive(pid) for pid in pids):  # noqa: ASYNC110  # nobody tells of strangers' ends
            await asyncio.sleep(0.01)


def pids_in(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


async def written(path: Path) -> list[str]:
    async with asyncio.timeout(10):
        while len(found := pids_in(path)) < 2:  # noqa: ASYNC110  # a file sets no event
            await asyncio.sleep(0.01)
    return found


async def test_it_answers_what_the_function_returns_whatever_is_printed() -> None:
    assert await in_child(pieces.add, [1, 2]) == 3


async def test_a_problem_comes_back_as_itself() -> None:
    with pytest.raises(pieces.Refused, match="no") as caught:
        await in_child(pieces.refuse, [])

    assert caught.value.extra == {"why": "because"}


@pytest.mark.parametrize("piece", [pieces.stumble, pieces.die, pieces.exit_oddly])
async def test_any_other_end_is_told_as_its_death(piece: object) -> None:
    with pytest.raises(ChildDied):
        await in_child(piece, [])  # type: ignore[arg-type]  # each is a function


async def test_memory_is_limited() -> None:
    with pytest.raises(ChildExceeded) as caught:
        await in_child(pieces.swallow, [], memory_bytes=512 << 20)

    assert caught.value.extra["limit"] == "memory"


async def test_processor_time_is_limited() -> None:
    with pytest.raises(ChildExceeded) as caught:
        await in_child(pieces.spin, [], cpu_seconds=1)

    assert caught.value.extra["limit"] == "cpu"


async def test_time_is_limited_and_what_it_started_ends_too(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ChildExceeded) as caught:
        await in_child(pieces.sleep, [str(tmp_path / "pids")], wall_seconds=2)

    assert caught.value.extra["limit"] == "wall"
    assert time.monotonic() - began < 10
    await gone(pids_in(tmp_path / "pids"))


async def test_who_is_cancelled_leaves_no_child_behind(tmp_path: Path) -> None:
    task = asyncio.create_task(in_child(pieces.sleep, [str(tmp_path / "pids")]))
    pids = await written(tmp_path / "pids")
    assert all(alive(pid) for pid in pids)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await gone(pids)


async def test_a_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("HEADRACE_DATABASE_URL", "postgresql://u:p@h/d")

    found = await in_child(pieces.variables, [])

    assert "PATH" in found
    assert not {"OPENAI_API_KEY", "HEADRACE_DATABASE_URL"} & set(found)


async def test_a_child_loads_what_its_work_needs_and_nothing_of_its_parent() -> None:
    found = await in_child(pieces.modules, [])

    assert "schemas.problem" in found
    assert not {"asyncio", "structlog", "infra.runtime.children"} & set(found)

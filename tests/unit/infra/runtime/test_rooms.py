"""Rooms end with their use; those of killed processes are swept, those of living ones never."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.runtime.rooms import Room, room, sweep_rooms

OTHER = """
import sys
from infra.runtime.rooms import Room
entered = Room.enter("import")
(entered.path / "file").write_text("x")
print(entered.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process in a room of its own."""
    environment = {**os.environ, "TMPDIR": str(place)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", OTHER], env=environment, text=True, **pipes) as running:
        assert running.stdout is not None
        yield running, Path(running.stdout.readline().strip())
        running.kill()


def names(place: Path) -> list[str]:
    return [path.name for path in place.iterdir()]


async def test_a_room_is_gone_with_its_block(place: Path) -> None:
    async with room("import") as path:
        (path / "file").write_text("x")
        assert names(place) == [path.name]

    assert names(place) == []


def test_the_room_of_a_killed_process_goes(other: tuple[subprocess.Popen[str], Path]) -> None:
    process, path = other
    assert path.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert sweep_rooms() == 1

    assert not path.exists()


def test_whoever_enters_a_room_removes_those_of_the_dead(
    other: tuple[subprocess.Popen[str], Path], place: Path
) -> None:
    process, _ = other
    process.send_signal(signal.SIGKILL)
    process.wait()

    entered = Room.enter("browser")

    assert list(place.iterdir()) == [entered.path]
    entered.leave()


def test_control_the_rooms_of_the_living_stay(other: tuple[subprocess.Popen[str], Path]) -> None:
    mine = Room.enter("import")

    assert sweep_rooms() == 0

    assert (other[1] / "file").exists()
    assert mine.path.exists()
    mine.leave()


def test_who_enters_while_others_sweep_is_never_without_a_room() -> None:
    with ThreadPoolExecutor(4) as threads:
        sweeping = [threads.submit(lambda: [sweep_rooms() for _ in range(200)]) for _ in range(3)]
        for _ in range(200):
            entered = Room.enter("import")
            (entered.path / "file").write_text("x")
            entered.leave()
    assert all(one.exception() is None for one in sweeping)


def test_folders_and_links_of_others_are_left_alone(place: Path) -> None:
    (place / "headrace-import-old").mkdir()
    (place / "precious").mkdir()
    (place / "headrace-room-link").symlink_to(place / "precious")

    assert sweep_rooms() == 0

    assert (place / "precious").exists()

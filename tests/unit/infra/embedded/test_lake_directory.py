import asyncio
import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.draft import Draft, as_problems
from infra.embedded.lake import Lake
from schemas.stored_object import ObjectExists, StoreQuota, StoreUnavailable

ROOT = Path(__file__).parents[4]
DAY = 86_400


async def stream(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


def drafts(root: Path) -> list[Path]:
    return list((root / ".tmp").iterdir())


def abandoned(root: Path, *, age: float, now: float) -> Path:
    draft = Draft(root)
    os.close(draft.open())
    os.utime(draft.path, (now - age, now - age))
    return draft.path


async def test_a_lake_keeps_the_id_it_was_given_first(tmp_path: Path) -> None:
    ids = await asyncio.gather(*(asyncio.to_thread(lambda: Lake(tmp_path).id) for _ in range(8)))

    assert len(set(ids)) == 1
    assert Lake(tmp_path / "other").id not in ids


async def test_nothing_of_the_making_remains(tmp_path: Path) -> None:
    await Lake(tmp_path).create("a", stream(b"1"))

    assert drafts(tmp_path) == []


async def test_an_object_cannot_lie_below_an_object(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    await lake.create("a/b", stream(b"1"))
    for name in ("a", "a/b/c"):
        with pytest.raises(ObjectExists):
            await lake.create(name, stream(b"2"))

    assert [name async for name in lake.list("")] == ["a/b"]
    assert await lake.stat("a") is None
    assert await lake.stat("a/b/c") is None


async def test_the_sweep_takes_only_old_files_of_dead_writers(tmp_path: Path) -> None:
    now = 10 * DAY
    lake = Lake(tmp_path, now_ns=lambda: now * 10**9)
    abandoned(tmp_path, age=2 * DAY, now=now)
    young = abandoned(tmp_path, age=DAY / 2, now=now)
    living = Draft(tmp_path)
    living.open()
    os.utime(living.path, (0, 0))

    assert await lake.sweep(DAY) == 1
    assert set(drafts(tmp_path)) == {young, living.path}
    living.discard()


async def test_the_hash_is_kept_and_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    stored = await lake.create("a", stream(b"1"))
    if not os.listxattr(tmp_path / "a"):
        pytest.skip("this file system keeps no attributes")
    monkeypatch.setattr(hashlib, "file_digest", None)

    assert await lake.stat("a") == stored


async def test_without_attributes_the_hash_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: Any) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "setxattr", unsupported)
    lake = Lake(tmp_path)
    stored = await lake.create("a", stream(b"1"))

    assert os.listxattr(tmp_path / "a") == []
    assert await lake.stat("a") == stored


async def test_a_kept_hash_is_not_believed_when_the_file_changed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    await lake.create("a", stream(b"1"))
    (tmp_path / "a").write_bytes(b"2")
    found = await lake.stat("a")

    assert found
    assert found.sha256 == hashlib.sha256(b"2").hexdigest()


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.ENOSPC, StoreQuota),
        (errno.EDQUOT, StoreQuota),
        (errno.EACCES, StoreQuota),
        (errno.EROFS, StoreQuota),
        (errno.EIO, StoreUnavailable),
        (errno.ESTALE, StoreUnavailable),
    ],
)
def test_an_error_of_the_file_system_is_told_as_a_problem(number: int, problem: type[Exception]) -> None:
    with pytest.raises(problem), as_problems(refused=StoreQuota, failed=StoreUnavailable):
        raise OSError(number, os.strerror(number))


async def test_an_error_of_the_stream_stays_what_it_is(tmp_path: Path) -> None:
    async def stream_error() -> AsyncIterator[bytes]:
        yield b"1"
        raise OSError(errno.ENOSPC, "of somebody else")

    with pytest.raises(OSError, match="somebody else"):
        await Lake(tmp_path).create("a", stream_error())


FULL = """
import asyncio, os, resource, sys
from pathlib import Path
from infra.embedded.lake import Lake
from schemas.stored_object import StoreQuota

async def blocks():
    for _ in range(4):
        yield b"x" * (1 << 20)

async def main():
    lake = Lake(Path(sys.argv[1]))
    if sys.argv[2:] == ["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    try:
        await lake.create("a", blocks())
    except StoreQuota as problem:
        print(problem.code, [name async for name in lake.list("")], os.listdir(lake._root / ".tmp"))

asyncio.run(main())
"""


def outcome(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_a_full_disk_is_a_quota_problem_and_leaves_nothing(tmp_path: Path) -> None:
    mount = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")

    assert outcome(*mount, sys.executable, "-c", FULL, str(tmp_path)) == "STORE_QUOTA [] []"


def test_a_file_size_limit_is_a_quota_problem_and_leaves_nothing(tmp_path: Path) -> None:
    assert outcome(sys.executable, "-c", FULL, str(tmp_path), "limit") == "STORE_QUOTA [] []"


def test_without_a_limit_the_same_object_fits(tmp_path: Path) -> None:
    assert outcome(sys.executable, "-c", FULL, str(tmp_path)) == ""


def test_the_adapters_load_nothing_heavy_before_they_are_used() -> None:
    code = "import sys, infra.embedded.lake, infra.embedded.warehouse; print({'pyarrow', 'duckdb'} & set(sys.modules))"

    assert outcome(sys.executable, "-c", code) == "set()"

"""What goes wrong around the embedded PostgreSQL, and what its user is told."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from infra.postgres.cluster import socket_directory
from infra.postgres.locks import FileLock
from infra.postgres.server import start
from infra.postgres.unavailable import (
    DatabaseDiskFull,
    DatabaseForbidden,
    DatabasePlatformUnsupported,
    DatabasePortTaken,
    DatabaseUnavailable,
    DatabaseVersionChanged,
    judge,
)

# Everything is imported before the user changes: the interpreter may lie where nobody else may read.
ORDINARY_USER = """
import asyncio, concurrent.futures.thread, encodings.idna, os, sys
from pathlib import Path
import asyncpg.connection
from infra.postgres.server import start

async def main():
    server = await start(Path(sys.argv[1]))
    connection = await asyncpg.connect(server.dsn)
    print(await connection.fetchval("SELECT current_database()"), os.geteuid())
    await connection.close()
    await server.leave()

if os.geteuid() == 0:
    os.chown(sys.argv[1], 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main())
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def test_an_ordinary_user_needs_nothing_from_root(stopped_server: Path) -> None:
    directory = stopped_server.parent / f"{stopped_server.name}-ordinary"
    directory.mkdir()
    try:
        done = subprocess.run(
            [sys.executable, "-c", ORDINARY_USER, str(directory)], capture_output=True, text=True, check=False
        )
    finally:
        shutil.rmtree(directory)

    assert done.stderr == ""
    assert done.stdout == f"headrace {os.geteuid() or 65534}\n"


async def test_a_process_id_that_was_given_to_somebody_else_blocks_nothing(data_dir: Path) -> None:
    stale = data_dir / "postgres" / "data" / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n/elsewhere\n1\n5432\n/nowhere\n\n1 1\nready\n")
    server = await start(data_dir)
    try:
        assert server.pid != os.getppid()
    finally:
        await server.leave()


async def test_a_copied_directory_is_not_mistaken_for_the_original(data_dir: Path) -> None:
    original = await start(data_dir)
    await asyncio.to_thread(subprocess.run, ["cp", "-a", data_dir, data_dir.parent / "copy"], check=True)
    other = await start(data_dir.parent / "copy")
    try:
        assert other.pid != original.pid
        assert other.dsn != original.dsn
    finally:
        await other.leave()
        await original.leave()


async def test_a_server_whose_socket_was_deleted_is_replaced(data_dir: Path) -> None:
    server = await start(data_dir)
    lost = server.pid
    shutil.rmtree(socket_directory(data_dir / "postgres"))

    again = await start(data_dir)
    try:
        assert again.pid != lost
    finally:
        await again.leave()
        await server.leave()


async def test_a_first_start_that_was_killed_is_made_anew(data_dir: Path) -> None:
    home = data_dir / "postgres"
    (home / "data").rename(home / "data.new")
    (home / "data.new" / "PG_VERSION").unlink()
    server = await start(data_dir)
    try:
        assert not (home / "data.new").exists()
    finally:
        await server.leave()


async def test_a_port_is_open_on_loopback_for_the_password_only(data_dir: Path, port: int) -> None:
    server = await start(data_dir, port=port)
    where = {"host": "127.0.0.1", "port": port, "user": "headrace", "database": "headrace"}
    password = (data_dir / "postgres" / "password").read_text()
    try:
        connection = await asyncpg.connect(**where, password=password)
        listens = await connection.fetchval("SHOW listen_addresses")
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**where, password="guessed")
    finally:
        await server.leave()

    assert listens == "127.0.0.1"


async def test_a_taken_port_is_named(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DatabasePortTaken, match="Address already in use"):
            await start(data_dir, port=taken.getsockname()[1])

    assert not socket_directory(data_dir / "postgres").exists()


async def test_data_of_another_version_is_left_alone(data_dir: Path) -> None:
    version = data_dir / "postgres" / "data" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(DatabaseVersionChanged, match="PostgreSQL 12"):
        await start(data_dir)

    assert version.read_text() == "12\n"


async def test_a_socket_directory_of_somebody_else_is_refused(data_dir: Path) -> None:
    squatted = socket_directory(data_dir / "postgres")
    squatted.symlink_to(data_dir)
    try:
        with pytest.raises(DatabaseForbidden, match="belongs to somebody else"):
            await start(data_dir)
    finally:
        squatted.unlink()


async def test_a_data_directory_that_cannot_be_made_is_a_problem_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match="Not a directory"):
        await start(tmp_path / "file" / "below")


async def test_waiting_for_another_process_ends(data_dir: Path) -> None:
    busy = FileLock(data_dir / "postgres" / "start.lock")
    assert busy.try_exclusive()
    try:
        with pytest.raises(DatabaseUnavailable, match=r"not up within 0 s"):
            await start(data_dir, patience=0.05)
    finally:
        busy.close()


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('FATAL: could not write to file "pg_wal/xlogtemp.1": No space left on device', DatabaseDiskFull),
        ('initdb: error: could not create directory "/d/data": Permission denied', DatabaseForbidden),
        ('FATAL:  data directory "/d/data" has wrong ownership', DatabaseForbidden),
        ("[Errno 30] Read-only file system: '/d'", DatabaseForbidden),
        ("[Errno 8] Exec format error: 'initdb'", DatabasePlatformUnsupported),
        ("FATAL:  something new", DatabaseUnavailable),
    ],
)
def test_each_reason_has_its_own_way_out(said: str, problem: type[DatabaseUnavailable]) -> None:
    found = judge(said)
    assert type(found) is problem
    assert said in found.detail
    assert found.recovery != "Try again; if it happens again, look at the log of this crawl or job."

"""The embedded PostgreSQL on the real programs: shared, adopted, recovered, and gone with its last user."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import asyncpg
import psutil
import pytest

from infra.postgres.cluster import SETTINGS, socket_directory
from infra.postgres.server import EmbeddedServer, start

USER = """
import asyncio, sys
from pathlib import Path
from infra.postgres.server import start

async def main():
    server = await start(Path(sys.argv[1]))
    print(server.pid, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.leave()

asyncio.run(main())
"""


def another_process(data_dir: Path, **options: Any) -> subprocess.Popen[str]:
    """A process that uses the server until it reads a line."""
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def postmaster_of(process: subprocess.Popen[str]) -> int:
    output: IO[str] | None = process.stdout
    assert output is not None
    return int(output.readline())


def lives(pid: int) -> bool:
    """Whether a process works: one that has ended may stay a zombie where nobody reaps orphans."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def run(server: EmbeddedServer, *statements: str) -> Any:
    """The first value of the last statement."""
    connection = await asyncpg.connect(server.dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def test_a_first_start_gives_an_empty_database_with_vectors(empty_dir: Path) -> None:
    server = await start(empty_dir / "new")
    try:
        assert await run(server, "SELECT current_database()") == "headrace"
        assert await run(server, "SELECT '[1,2]'::vector <-> '[1,2]'::vector") == 0
    finally:
        await server.leave()


async def test_a_second_start_finds_the_rows_of_the_first(data_dir: Path) -> None:
    first = await start(data_dir)
    await run(first, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (7) RETURNING n")
    await first.leave()
    assert first.pid is None

    second = await start(data_dir)
    try:
        assert await run(second, "SELECT n FROM t") == 7
    finally:
        await second.leave()


async def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    mine = await start(data_dir)
    other = another_process(data_dir)
    shared = postmaster_of(other)
    assert shared == mine.pid

    await mine.leave()
    assert lives(shared)

    other.communicate("\n", timeout=30)
    assert other.returncode == 0
    assert not lives(shared)
    assert not socket_directory(data_dir / "postgres").exists()


async def test_two_shares_of_one_process_count_as_two_users(data_dir: Path) -> None:
    first, second = await asyncio.gather(start(data_dir), start(data_dir))
    await first.leave()
    assert await run(second, "SELECT 1") == 1

    await second.leave()
    assert second.pid is None


async def test_processes_that_start_an_empty_directory_together_get_one_server(empty_dir: Path) -> None:
    others = [another_process(empty_dir) for _ in range(3)]
    assert len({postmaster_of(other) for other in others}) == 1

    for other in others:
        other.communicate("\n", timeout=30)
        assert other.returncode == 0


async def test_a_server_whose_users_were_killed_is_adopted(data_dir: Path) -> None:
    other = another_process(data_dir)
    left_behind = postmaster_of(other)
    other.kill()
    other.communicate(timeout=5)  # ends although the server lives: it does not hold the pipes of who started it
    assert lives(left_behind)

    server = await start(data_dir)
    assert server.pid == left_behind

    await server.leave()
    assert not lives(left_behind)


async def test_a_killed_server_is_started_again_with_every_committed_row(data_dir: Path) -> None:
    server = await start(data_dir)
    await run(server, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (7) RETURNING n")
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    again = await start(data_dir)
    try:
        assert again.pid != killed
        assert await run(again, "SELECT n FROM t") == 7
    finally:
        await again.leave()
        await server.leave()


async def test_who_already_uses_a_killed_server_can_have_it_up_again(data_dir: Path) -> None:
    server = await start(data_dir)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)

    await server.ensure()
    try:
        assert await run(server, "SELECT 1") == 1
    finally:
        await server.leave()
    assert server.pid is None


async def test_an_interrupt_from_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    other = another_process(data_dir, start_new_session=True)
    postmaster = postmaster_of(other)
    os.killpg(other.pid, signal.SIGINT)
    other.kill()
    other.communicate(timeout=10)

    server = await start(data_dir)
    assert server.pid == postmaster
    await server.leave()


async def test_a_start_that_is_cancelled_leaves_no_server(data_dir: Path) -> None:
    opening = asyncio.ensure_future(start(data_dir))
    await asyncio.sleep(0)
    while not (data_dir / "postgres" / "data" / "postmaster.pid").exists():  # noqa: ASYNC110  # a file has no Event
        await asyncio.sleep(0.001)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert not (data_dir / "postgres" / "data" / "postmaster.pid").exists()


async def test_postgresql_never_runs_as_root(data_dir: Path) -> None:
    server = await start(data_dir)
    try:
        uid = psutil.Process(server.pid).uids().real
        assert uid != 0
        assert os.geteuid() in {0, uid}
    finally:
        await server.leave()


async def test_a_path_longer_than_a_socket_address_is_fine(data_dir: Path) -> None:
    long = data_dir / ("deep" * 20) / ("deeper" * 20)
    server = await start(long)
    try:
        assert len(str(long)) > 108
        assert await run(server, "SELECT 1") == 1
    finally:
        await server.leave()


async def test_it_is_set_up_for_a_laptop(data_dir: Path) -> None:
    server = await start(data_dir)
    try:
        found = {name: await run(server, f"SHOW {name}") for name in SETTINGS}
        listens = await run(server, "SHOW listen_addresses")
    finally:
        await server.leave()

    assert {name: value.lower() for name, value in found.items()} == {k: v.lower() for k, v in SETTINGS.items()}
    assert listens == ""

"""Where the programs of the comparison keep their jobs."""

import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import asyncpg
import psutil
import redis

PATIENCE = 10.0


class Store(Protocol):
    """A server on this machine."""

    pid: int

    def fresh(self) -> AbstractAsyncContextManager[str]:
        """The address of an empty store."""


@dataclass
class Postgres:
    """A PostgreSQL server; ``dsn`` leads to its database ``headrace``."""

    dsn: str
    pid: int

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        name = f"bench_{uuid4().hex}"
        connection = await asyncpg.connect(self.dsn)
        await connection.execute(f"CREATE DATABASE {name}")
        try:
            yield self.dsn.replace("/headrace?", f"/{name}?", 1)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await connection.execute("CHECKPOINT")  # what one program wrote is not flushed on the next one's time
            await connection.close()


@dataclass
class Redis:
    """A Redis server."""

    url: str
    pid: int

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
        yield self.url


@contextmanager
def redis_server(program: str, folder: Path) -> Iterator[Redis]:
    """A Redis that loses nothing it accepted, in a folder."""
    socket = folder / "redis.sock"
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), *durable], stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not socket.exists():
            assert server.poll() is None, "redis-server ended"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)
        yield Redis(f"unix://{socket}", server.pid)
    finally:
        server.terminate()
        server.wait(PATIENCE)


def cpu_seconds(pid: int) -> float:
    """What a process and all it started have used so far."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children():
        try:
            used = child.cpu_times()
        except psutil.NoSuchProcess:  # it ended; by now its parent has counted it
            continue
        total += used.user + used.system
    return float(total)

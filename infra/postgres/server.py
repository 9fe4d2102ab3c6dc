"""The PostgreSQL of a machine without PostgreSQL: shared by all Headrace processes, stopped by the last one.

Who uses it is known by locks that die with their holder: every process shares ``users.lock``, and starts and stops
take turns under ``start.lock``. A server whose users were all killed stays, and the next start adopts it.
"""

import asyncio
import contextlib
from pathlib import Path

import asyncpg

from infra.postgres.cluster import ROLE, Cluster
from infra.postgres.installation import locate
from infra.postgres.locks import FileLock, exclusive
from infra.postgres.unavailable import DatabaseUnavailable, judge

DATABASE = "headrace"
PATIENCE = 60.0  # seconds for a server to recover, and for another process to finish its start or stop
_PAUSE = 0.02  # seconds between two questions to a server that is not ready
_TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class EmbeddedServer:
    """One process's share in the server. ``dsn`` leads to the database ``headrace``, with ``vector`` in it."""

    def __init__(self, cluster: Cluster, *, port: int | None, patience: float) -> None:
        self.dsn = ""
        self._cluster = cluster
        self._port = port
        self._patience = patience
        self._share: FileLock | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None when it is not running."""
        postmaster = self._cluster.postmaster() if self._cluster.alive() else None
        return postmaster.pid if postmaster else None

    async def ensure(self) -> None:
        """Have the server up: adopt the one that runs, or start it, which recovers what a killed one had committed.

        Raises ``DatabaseUnavailable`` and its subclasses.
        """
        try:
            async with exclusive(self._cluster.home / "start.lock", patience=self._patience):
                if self._share is None:
                    self._share = FileLock(self._cluster.home / "users.lock")
                    self._share.share()
                if not await self._settled():
                    await self._start()
                await self._furnish()
        except TimeoutError as error:
            raise DatabaseUnavailable(f"the database was not up within {self._patience:.0f} s") from error
        except _TROUBLE as error:
            raise judge(str(error)) from error

    async def gone(self) -> bool:
        """Whether nothing of the server is left. Raises ``DatabaseUnavailable``."""
        try:
            # In turn, as all starts: who looks at the server's lock holds it for a moment, and no start may meet that.
            async with exclusive(self._cluster.home / "start.lock", patience=self._patience):
                return not self._cluster.alive()
        except (TimeoutError, OSError) as error:
            raise judge(str(error) or "another process keeps starting or stopping the database") from error

    async def leave(self) -> None:
        """Give up the share; whoever is last stops the server and waits for its end. Leaving twice is fine.

        Raises ``DatabaseUnavailable`` when the server cannot be stopped.
        """
        if self._share is None:
            return
        try:
            async with exclusive(self._cluster.home / "start.lock", patience=self._patience):
                if self._share.try_exclusive():
                    await asyncio.to_thread(self._cluster.halt)
                self._share.close()
        except TimeoutError as error:
            raise DatabaseUnavailable("another process keeps starting or stopping the database") from error
        finally:
            self._share.close()
            self._share = None

    async def _start(self) -> None:
        await asyncio.to_thread(self._cluster.create)
        await asyncio.to_thread(self._cluster.launch, self._port)
        if not await self._settled():
            raise self._cluster.failure()

    async def _settled(self) -> bool:
        """Wait until the server answers, or until nothing of it is left."""
        async with asyncio.timeout(self._patience):
            while not await self._answers():
                if not self._cluster.alive():
                    return False
                await self._give_up_unreachable()
                await asyncio.sleep(_PAUSE)
        return True

    async def _answers(self) -> bool:
        postmaster = self._cluster.postmaster()
        if postmaster is None or not postmaster.ready:
            return False
        try:
            connection = await asyncpg.connect(postmaster.dsn("postgres"), timeout=5)
        except (*_TROUBLE, TimeoutError):
            return False
        try:
            # A copied directory brings the postmaster.pid of the server it was copied from.
            return Path(await connection.fetchval("SHOW data_directory")) == self._cluster.data
        finally:
            await connection.close()

    async def _give_up_unreachable(self) -> None:
        """Stop a server whose socket somebody has deleted: it would never hear of anyone again."""
        postmaster = self._cluster.postmaster()
        if postmaster and postmaster.ready and not postmaster.socket.exists():
            await asyncio.to_thread(self._cluster.halt)

    async def _furnish(self) -> None:
        postmaster = self._cluster.postmaster()
        if postmaster is None:
            raise DatabaseUnavailable("the database was stopped while it was being opened")
        self.dsn = postmaster.dsn(DATABASE)
        await _create_database(postmaster.dsn("postgres"))
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        finally:
            await connection.close()


def made(data_dir: Path) -> bool:
    """Whether a server was ever started in ``data_dir``."""
    return (data_dir / "postgres" / "data" / "PG_VERSION").exists()


async def start(data_dir: Path, *, port: int | None = None, patience: float = PATIENCE) -> EmbeddedServer:
    """Take a share in the server in ``data_dir / "postgres"`` (``data_dir`` is HEADRACE_DATA_DIR); start it if needed.

    With a ``port`` a server that this call starts listens on 127.0.0.1 too, for the password in
    ``postgres/password``. ``patience`` is in seconds. Raises ``DatabaseUnavailable`` and its subclasses.
    """
    server = EmbeddedServer(await asyncio.to_thread(_open, data_dir), port=port, patience=patience)
    opening = asyncio.ensure_future(server.ensure())
    try:
        await asyncio.shield(opening)
    except BaseException:
        # A start that is interrupted half-way must not leave a server nobody owns.
        await asyncio.gather(opening, return_exceptions=True)
        with contextlib.suppress(DatabaseUnavailable):
            await server.leave()
        raise
    return server


def _open(data_dir: Path) -> Cluster:
    home = data_dir.resolve() / "postgres"
    try:
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
        return Cluster(home, locate())
    except OSError as error:
        raise judge(str(error)) from error


async def _create_database(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    finally:
        await connection.close()

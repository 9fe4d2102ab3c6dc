"""The pool, and the unit of work: state and events commit together or not at all."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
from msgspec import Struct, field

from infra.postgres import outbox
from infra.postgres.away import DatabaseAway
from infra.postgres.connections import Connections
from infra.postgres.outbox import Fact, fact

if TYPE_CHECKING:
    from schemas.event import Event

# A foreign or forgotten transaction would hold back vacuum and the event log's readers (both follow the oldest one).
SERVER_SETTINGS = {
    "application_name": "headrace",
    "timezone": "UTC",
    "transaction_timeout": "60s",
    "lock_timeout": "10s",
    "jit": "off",
}
PATIENCE_SECONDS = 5.0
CLOSE_SECONDS = 1.0  # who is left behind at the end of a process never gives its connection back
AT_HAND = 2
NOT_AT_HAND = 2  # one listens for good, and whoever asks the pool itself finds one more


class Commit(Struct, frozen=True):
    """What a finished unit of work leaves to do: events to publish, queues to ring."""

    events: int
    queues: frozenset[str]


class Transaction(Struct):
    """One unit of work: SQL on one connection, the events it caused, the queues it fed."""

    connection: Any
    events: list[Fact] = field(default_factory=list)
    queues: set[str] = field(default_factory=set)
    stored: int = 0  # events that a statement stored by itself

    async def record(self, event: "Event", *, tenant: str) -> None:
        """Remember that something happened; it is told after the commit, and only then."""
        self.events.append(fact(event, tenant=tenant))

    def ring(self, *queues: str) -> None:
        """Wake whoever works these queues once this transaction is committed."""
        self.queues.update(queues)

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        """All rows of a query."""
        return list(await self.connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Any:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement; returns the number of rows it touched."""
        tag: str = await self.connection.execute(sql, *args)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0


class Database:
    """PostgreSQL, whoever runs it. ``listeners`` hear of every commit that leaves something to do.

    ``seal`` is the installation's secret for what callers bring back; this process's own until it is read.
    """

    def __init__(self, pool: Any, *, at_hand: int = 0) -> None:
        self.pool = pool
        self._connections = Connections(pool, at_hand=at_hand)
        self.listeners: list[Callable[[Commit], None]] = []
        self.seal = secrets.token_bytes(16)

    @classmethod
    async def connect(cls, dsn: str, *, size: int = 8) -> "Database":
        """Open a pool of at most ``size`` connections. Raises ``OSError`` or asyncpg's errors if nobody answers."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            init=_teach_json,
            reset=_leave,
            server_settings=SERVER_SETTINGS,
            command_timeout=60,
        )
        return cls(pool, at_hand=max(0, min(AT_HAND, size - NOT_AT_HAND)))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A unit of work: commits at the end of the block, rolls back when it raises. Raises ``DatabaseAway``."""
        async with self._connections.one() as connection, connection.transaction():
            tx = Transaction(connection)
            yield tx
            if tx.events:
                await outbox.store(connection, tx.events)
        self._tell(Commit(len(tx.events) + tx.stored, frozenset(tx.queues)))

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Transaction]:
        """A unit of work that is one statement and commits by itself; no events can be recorded beside it.

        Nothing is told of a statement that failed. Raises ``DatabaseAway``.
        """
        async with self._connections.one() as connection:
            tx = Transaction(connection)
            yield tx
        self._tell(Commit(tx.stored, frozenset(tx.queues)))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Plain reads, each seeing what is committed at that moment. Raises ``DatabaseAway``."""
        async with self._connections.one() as connection:
            yield Transaction(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """Reads that all see what was committed at the first of them. Raises ``DatabaseAway``."""
        async with (
            self._connections.one() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Transaction(connection)

    def _tell(self, commit: Commit) -> None:
        if commit.events or commit.queues:
            for listener in self.listeners:
                listener(commit)

    async def ping(self) -> None:
        """Ask the server for a sign of life. Raises ``DatabaseAway``."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self.reading() as tx:
                await tx.fetchval("SELECT 1")
        except TimeoutError as error:
            raise DatabaseAway(f"No answer within {PATIENCE_SECONDS:.0f} s", retry_after=2) from error

    async def close(self) -> None:
        """Give the connections back to the server; those it does not take back in time are cut."""
        await self._connections.put_away()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.pool.close(), CLOSE_SECONDS)


async def _leave(connection: Any) -> None:
    """Nothing: no unit of work changes its session, and asking the server to forget costs a round trip each."""


async def _teach_json(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json_text, decoder=msgspec.json.decode, schema="pg_catalog", format="text"
        )


def json_text(value: object) -> str:
    """JSON as PostgreSQL takes it. An array of texts is sent at a fraction of what an array of JSON values costs."""
    return msgspec.json.encode(value).decode()


def uuids(values: Iterable[object]) -> list[str]:
    """Ids as PostgreSQL takes them in an array."""
    return [str(value) for value in values]

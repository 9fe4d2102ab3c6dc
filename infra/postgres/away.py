"""A PostgreSQL that cannot serve just now: whatever its driver raises becomes one problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import asyncpg

from schemas.problem import Problem, ProblemClass


class DatabaseAway(Problem):
    """PostgreSQL is restarting, out of reach, or gave this transaction up for another one. It passes by itself."""

    code: ClassVar[str] = "STORE_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The database does not answer"
    recovery: ClassVar[str] = "Repeat the request in a few seconds; with its Idempotency-Key nothing is done twice."


AWAY = (
    asyncpg.InterfaceError,  # not every one: see ``is_away``
    asyncpg.InternalClientError,  # the server said goodbye between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # this server is a standby now, or not yet the primary
    asyncpg.DiskFullError,
)
"""What the driver raises while PostgreSQL cannot serve; of these ``is_away`` tells the caller's own mistakes apart."""

# The driver has no class for these. A connection that is lost within a unit of work goes back to the pool at once.
_LOST = (
    "connection is closed",
    "connection has been released back to the pool",
    "pool is closing",
    "pool is closed",
)


def is_away(error: Exception) -> bool:
    """Whether an error says that PostgreSQL cannot serve, and not that the caller made a mistake."""
    if type(error) is asyncpg.InterfaceError:
        return str(error.args[0]).endswith(_LOST)
    return isinstance(error, AWAY) and not isinstance(error, asyncpg.InterfaceError)


@contextmanager
def answering(*also: type[Exception]) -> Iterator[None]:
    """Raise ``DatabaseAway`` where the block raises what the driver says then, or one of ``also``."""
    try:
        yield
    except (*AWAY, *also) as error:
        if not (isinstance(error, also) or is_away(error)):
            raise
        raise DatabaseAway(f"The database does not answer: {error}"[:300], retry_after=2) from error

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
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server said goodbye between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)


@contextmanager
def answering(*also: type[Exception]) -> Iterator[None]:
    """Raise ``DatabaseAway`` where the block raises what the driver says then, or one of ``also``."""
    try:
        yield
    except (*AWAY, *also) as error:
        raise DatabaseAway(f"The database does not answer: {error}"[:300], retry_after=2) from error

"""A PostgreSQL that somebody else runs, at HEADRACE_DATABASE_URL."""

from typing import ClassVar

import asyncpg

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass


class DatabaseUrlRefused(Problem):
    """Nobody answers at the URL, or whoever does is of no use to us."""

    code: ClassVar[str] = "DATABASE_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The database of HEADRACE_DATABASE_URL cannot be used"
    recovery: ClassVar[str] = (
        "Check host, port, user and database in HEADRACE_DATABASE_URL, and that it is PostgreSQL 17 or newer; "
        "unset it to use the embedded one."
    )


async def connect(dsn: str, *, size: int) -> Database:
    """Open a pool of at most ``size`` connections. Raises ``DatabaseUrlRefused``."""
    try:
        return await Database.connect(dsn, size=size)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseUrlRefused(str(error) or type(error).__name__) from error

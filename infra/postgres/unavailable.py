"""Why the embedded PostgreSQL cannot be had, and what its user does about it."""

import re
from typing import ClassVar

from schemas.problem import Problem, ProblemClass


class DatabaseUnavailable(Problem):
    """The embedded PostgreSQL does not start, stop or answer."""

    code = "DATABASE_UNAVAILABLE"
    kind = ProblemClass.RETRY
    status = 503
    title = "The database does not answer"
    recovery: ClassVar[str] = (
        "Read the end of postgres/startup.log and of the newest file in postgres/data/log below HEADRACE_DATA_DIR, "
        "then start again; or set HEADRACE_DATABASE_URL to a PostgreSQL of your own."
    )


class DatabaseForbidden(DatabaseUnavailable):
    """The operating system refuses access to the data or to the socket's directory."""

    kind = ProblemClass.PERMANENT
    title = "The database may not use its directory"
    recovery = (
        "Run Headrace as the user that owns HEADRACE_DATA_DIR, or set HEADRACE_DATA_DIR to a local directory you own."
    )


class DatabaseDiskFull(DatabaseUnavailable):
    """There is no room for the data."""

    kind = ProblemClass.QUOTA
    title = "The disk of the database is full"
    recovery = "Free at least 200 MB on the disk of HEADRACE_DATA_DIR, then start again; nothing stored is lost."


class DatabasePortTaken(DatabaseUnavailable):
    """Somebody else listens on the TCP port that was asked for."""

    kind = ProblemClass.PERMANENT
    title = "The port of the database is taken"
    recovery = "Stop the program that listens on this port, or ask for another port, or for none."


class DatabasePlatformUnsupported(DatabaseUnavailable):
    """The bundled PostgreSQL does not run on this machine."""

    kind = ProblemClass.PERMANENT
    title = "The bundled PostgreSQL does not run here"
    recovery = "Set HEADRACE_DATABASE_URL to a PostgreSQL 17 or newer."


class DatabaseVersionChanged(DatabaseUnavailable):
    """The data was written by another major version of PostgreSQL."""

    kind = ProblemClass.PERMANENT
    title = "The data belongs to another version of PostgreSQL"
    recovery = (
        "Install the Headrace that wrote HEADRACE_DATA_DIR, or set HEADRACE_DATA_DIR to a new directory: "
        "the old one stays as it is."
    )


# Sentences of PostgreSQL 18 (LC_MESSAGES=C), initdb, pg_ctl and the C library.
_REASONS: list[tuple[str, type[DatabaseUnavailable]]] = [
    (r"No space left on device|Disk quota exceeded", DatabaseDiskFull),
    (r"could not bind IPv4 address|could not create any TCP/IP sockets", DatabasePortTaken),
    (r"[Pp]ermission denied|Operation not permitted|has wrong ownership|Read-only file system", DatabaseForbidden),
    (r"Exec format error|required file not found|error while loading shared lib", DatabasePlatformUnsupported),
]


def judge(output: str) -> DatabaseUnavailable:
    """The failure behind what a PostgreSQL program said last; its last lines become the detail."""
    for pattern, reason in _REASONS:
        if re.search(pattern, output):
            return reason(_last_lines(output))
    return DatabaseUnavailable(_last_lines(output))


def _last_lines(output: str) -> str:
    return "\n".join(line for line in output.splitlines()[-8:] if line.strip())

"""One data directory of PostgreSQL and the server process on it; who shares it is not known here."""

import contextlib
import hashlib
import os
import secrets
import shlex
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from infra.postgres.installation import MAJOR, Installation
from infra.postgres.locks import FileLock, held
from infra.postgres.unavailable import DatabaseForbidden, DatabaseUnavailable, DatabaseVersionChanged, judge

ROLE = "headrace"
DEFAULT_PORT = 5432  # names the socket; nothing listens on it unless a TCP port is asked for
_LONGEST_SOCKET_PATH = 103  # bytes; sockaddr_un holds 104 on macOS and 108 on Linux, with the final NUL

# A laptop's server: durable, small, silent. What a client is told anyway (errors, warnings) is not logged,
# so a week of daily files stays small.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_min_messages": "log",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Postmaster:
    """What a server says of itself in ``postmaster.pid``; true only while the server lives."""

    pid: int
    port: int
    sockets: Path
    ready: bool

    @property
    def socket(self) -> Path:
        """The unix socket that clients connect to."""
        return self.sockets / f".s.PGSQL.{self.port}"

    def dsn(self, database: str) -> str:
        """Connection string for the unix socket, for asyncpg and libpq."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.sockets))}&port={self.port}"


class Cluster:
    """The files below ``home``: ``data`` is PostgreSQL's, the rest is ours.

    ``server.lock`` is held by the server process and all its children, so it tells whether anything still works
    on the data; a process id, which may have been given to somebody else, cannot tell that.
    """

    def __init__(self, home: Path, installation: Installation) -> None:
        self.home = home
        self.data = home / "data"
        self._installation = installation
        self._server_lock = home / "server.lock"

    def alive(self) -> bool:
        """Whether a server, or what is left of a killed one, works on the data."""
        return held(self._server_lock)

    def postmaster(self) -> Postmaster | None:
        """The server that was started last, if it has not been stopped; it may have been killed."""
        try:
            lines = [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
            return Postmaster(int(lines[0]), int(lines[3]), Path(lines[4]), ready=lines[7] == "ready")
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def create(self) -> None:
        """Make the data directory unless it exists. Raises ``DatabaseUnavailable`` and its subclasses."""
        if (self.data / "PG_VERSION").exists():
            self._check_version()
            return
        fresh, password = self.home / "data.new", self.home / "password"
        shutil.rmtree(fresh, ignore_errors=True)  # left by a first start that was killed
        fresh.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        for path in (fresh, password):
            self._installation.own(path)
        self._installation.open_way(fresh)
        self._initialise(fresh, password)
        fresh.rename(self.data)

    def launch(self, port: int | None) -> None:
        """Start the server in its own session and return before it is ready; call only while nothing is alive.

        With a ``port``, it listens on 127.0.0.1 too, for the password in the file ``password``.
        """
        self._installation.open_way(self.data)
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # see _make_socket_directory
        settings = SETTINGS | {
            "unix_socket_directories": str(self._make_socket_directory()),
            "listen_addresses": "127.0.0.1" if port else "",
            "port": str(port or DEFAULT_PORT),
        }
        options = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        lock = FileLock(self._server_lock)
        try:
            lock.try_exclusive()
            command = ("start", "--no-wait", "--silent", "--pgdata", str(self.data), "--options", options)
            self._installation.run("pg_ctl", *command, output=self.home / "startup.log", pass_fds=(lock.descriptor,))
        finally:
            lock.close()

    def halt(self) -> None:
        """Stop the server and wait until it is gone: fast first, after 30 s at once. Raises ``DatabaseUnavailable``."""
        if self.postmaster() is not None and self.alive():  # a killed one has left its postmaster.pid
            self._stop()
        with contextlib.suppress(OSError):
            socket_directory(self.home).rmdir()

    def failure(self) -> DatabaseUnavailable:
        """Why the last start came to nothing, in the words of the server."""
        logs = sorted(self.data.glob("log/*.log"), key=lambda path: path.stat().st_mtime)
        said = [path.read_text(errors="replace")[-4000:] for path in [self.home / "startup.log", *logs[-1:]]]
        return judge("\n".join(said))

    def _stop(self) -> None:
        self._installation.open_way(self.data)
        command = ("stop", "--wait", "--silent", "--pgdata", str(self.data), "--timeout", "30", "--mode")
        try:
            self._installation.run("pg_ctl", *command, "fast", output=self.home / "stop.log")
        except DatabaseUnavailable:
            self._installation.run("pg_ctl", *command, "immediate", output=self.home / "stop.log")

    def _initialise(self, fresh: Path, password: Path) -> None:
        self._installation.run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={ROLE}",
            f"--pwfile={password}",
            "--auth-local=trust",  # the socket's directory lets nobody else in
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",  # sorts alike on every machine, whatever its C library
            "--builtin-locale=C.UTF-8",
            output=self.home / "initdb.log",
        )

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise DatabaseVersionChanged(f"{self.data} was written by PostgreSQL {found}, the bundled one is {MAJOR}")

    def _make_socket_directory(self) -> Path:
        directory = socket_directory(self.home)
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            self._installation.own(directory)
        found = directory.lstat()
        # The name can be guessed and the system's temp directory is everybody's: trust only what is ours.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._installation.uid:
            raise DatabaseForbidden(f"{directory} belongs to somebody else; remove it")
        directory.chmod(0o700)
        for left in directory.iterdir():  # of a killed server; its process id may be reused, or a zombie's
            left.unlink()
        return directory


def socket_directory(home: Path) -> Path:
    """A short private directory for the socket of the cluster in ``home``; it follows from the path alone."""
    name = "headrace-" + hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  # its owner is checked before it is used
        directory = Path(parent).resolve() / name
        if len(os.fsencode(directory / f".s.PGSQL.{65535}")) <= _LONGEST_SOCKET_PATH:
            break
    return directory

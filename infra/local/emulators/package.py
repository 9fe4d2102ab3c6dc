"""Environments of their own for emulators written in Python, or packed as such: beside the tree, hash-locked."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from infra.postgres.locks import exclusive
from infra.runtime.runtime import ROOT
from schemas.problem import Problem

FOLDER = ROOT / ".emulators"
_HERE = Path(__file__).parent
_PATIENCE = 600.0  # seconds another process may take to install


class EmulatorMissing(Problem):
    """The environment of an emulator is not there, or not what its lock file says."""

    code: ClassVar[str] = "EMULATOR_MISSING"
    title: ClassVar[str] = "An emulator is not installed"
    recovery: ClassVar[str] = "Run `headrace emulators --install`, or name one that runs in its variable."


class InstallationFailed(Problem):
    """An environment could not be made."""

    code: ClassVar[str] = "INSTALLATION_FAILED"
    title: ClassVar[str] = "An emulator could not be installed"
    recovery: ClassVar[str] = "Mend what is named here (a package index must be reachable), then run it again."


@dataclass(frozen=True)
class Package:
    """A Python environment for one emulator, as ``<name>.lock`` beside this file says.

    ``version`` is the only Python it runs on, if there is only one; ``extensions`` of DuckDB are put into its home.
    """

    name: str
    version: tuple[int, int] | None = None
    extensions: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return FOLDER / self.name

    @property
    def home(self) -> Path:
        """What the program takes for the user's folder."""
        return self.folder / "home"

    def program(self, name: str) -> str:
        """A program of the environment. Raises ``EmulatorMissing``."""
        if not self.installed():
            raise EmulatorMissing(f"{self.name} is not in {FOLDER}")
        return str(self.folder / "bin" / name)

    def installed(self) -> bool:
        """Whether it is there as its lock file says."""
        stamp = self.folder / ".installed"
        return stamp.exists() and stamp.read_text() == self._stamp()

    def possible(self) -> bool:
        """Whether this machine has a Python for it."""
        return self._python() is not None

    async def install(self) -> None:
        """Make the environment anew unless it is there. Raises ``InstallationFailed``."""
        try:
            FOLDER.mkdir(exist_ok=True)
        except OSError as error:
            raise InstallationFailed(f"{FOLDER}: {error.strerror}") from error
        async with exclusive(FOLDER / f"{self.name}.busy", patience=_PATIENCE):
            if not self.installed():
                await asyncio.to_thread(self._make)

    def _make(self) -> None:
        python, packages = self._python(), str(_HERE / f"{self.name}.lock")
        if python is None:
            raise InstallationFailed(f"{self.name} runs on Python {_dotted(self.version)} only, and there is none")
        _run([python, "-m", "venv", "--clear", str(self.folder)])
        inside = str(self.folder / "bin" / "python")
        _run([inside, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", packages])
        self.home.mkdir()
        imports = "; ".join(f"import_extension({name!r})" for name in self.extensions)
        if imports:
            _run([inside, "-c", f"from duckdb_extensions import import_extension; {imports}"], HOME=str(self.home))
        (self.folder / ".installed").write_text(self._stamp())

    def _stamp(self) -> str:
        return sha256((_HERE / f"{self.name}.lock").read_bytes()).hexdigest()

    def _python(self) -> str | None:
        if self.version in {None, sys.version_info[:2]}:
            return sys.executable
        return next((path for path in _pythons(_dotted(self.version)) if _runs(path)), None)


def _pythons(version: str) -> Iterator[str]:
    name = f"python{version}"
    if (found := shutil.which(name)) is not None:
        yield found
    homes = {
        Path(os.environ.get("PYENV_ROOT", "~/.pyenv")): f"versions/{version}.*/bin/{name}",
        Path("~/.local/share/uv/python"): f"cpython-{version}*/bin/{name}",
    }
    for home, pattern in homes.items():
        yield from (str(path) for path in sorted(home.expanduser().glob(pattern), reverse=True))


def _runs(python: str) -> bool:
    done = subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False)  # noqa: S603  # a Python
    return done.returncode == 0


def _dotted(version: tuple[int, int] | None) -> str:
    return ".".join(map(str, version or ()))


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own command
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallationFailed(f"{command[0]} said: {(done.stderr or done.stdout).strip()[-800:]}")

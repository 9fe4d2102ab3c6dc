"""Emulators for tests: started once for a whole run, also where several processes share its tests."""

import asyncio
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest

from infra.local.emulators import emulators, provision
from infra.local.emulators.package import EmulatorMissing
from infra.postgres.locks import FileLock
from infra.runtime.configuration.emulated import EMULATORS, answers, known

_PATIENCE = 1200.0  # seconds until the last of the processes needs them no more
_LOOK_SECONDS = 0.05


class _Kept:
    """One emulator, kept up by a thread of its own until it is let go."""

    def __init__(self, folder: Path, name: str, given: dict[str, str]) -> None:
        self.address = ""
        self._folder, self._name, self._given = folder, name, given
        self._failure: BaseException | None = None
        self._ready, self._enough = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._keep()), daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def let_go(self) -> None:
        self._enough.set()
        self._thread.join()

    async def _keep(self) -> None:
        try:
            async with emulators(self._folder, wanted={self._name}, given=self._given) as found:
                self.address = getattr(found, self._name)
                self._ready.set()
                await asyncio.to_thread(self._enough.wait)
        except BaseException as failure:  # noqa: BLE001  # told where it is waited for
            self._failure = failure
            self._ready.set()


def _emulator(folder: Path, name: str, **given: str) -> Iterator[str]:
    if by_hand := os.environ.get(f"{name.upper()}_EMULATOR_HOST"):
        yield by_hand.rstrip("/")
        return
    users, owner = _joined(folder / f"{name}.users"), FileLock(folder / f"{name}.owner")
    try:
        if _is_owner(owner, folder, name):
            yield from _own(folder, name, given, users)
        else:
            yield known(folder / "emulators")[name]
    finally:
        owner.close()
        users.close()


def _joined(path: Path) -> FileLock:
    """Among those who use it; who comes while the last one leaves waits for that."""
    users = FileLock(path)
    while True:
        with suppress(BlockingIOError):
            users.share()
            return users
        time.sleep(_LOOK_SECONDS)


def _is_owner(owner: FileLock, folder: Path, name: str) -> bool:
    """Whether this process has to start it; False once it answers because another one did."""
    while not owner.try_exclusive():
        if answers(known(folder / "emulators").get(name)):
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _own(folder: Path, name: str, given: dict[str, str], users: FileLock) -> Iterator[str]:
    try:
        kept = _Kept(folder, name, given)
    except EmulatorMissing as missing:
        _skip(missing)
    try:
        yield kept.address
    finally:
        ends = time.monotonic() + _PATIENCE
        while not users.try_exclusive() and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)
        kept.let_go()


def _skip(missing: EmulatorMissing) -> NoReturn:
    pytest.skip(f"{missing.title}: {missing.detail}. {missing.recovery}")


@pytest.fixture(scope="session")
def installed_emulators() -> None:
    """For tests of what starts emulators itself: all of them can be started."""
    try:
        for name in EMULATORS:
            provision(name)
    except EmulatorMissing as missing:
        _skip(missing)


@pytest.fixture(scope="session")
def emulators_folder() -> Iterator[Path]:
    """Where this run's emulators keep what they keep; the same for all processes of the run, the last removes it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"headrace-emulators-{run}"
    folder.mkdir(exist_ok=True)
    users = _joined(folder / "users")
    yield folder
    if users.try_exclusive():
        shutil.rmtree(folder, ignore_errors=True)
    users.close()


@pytest.fixture(scope="session")
def pubsub_emulator(emulators_folder: Path) -> Iterator[str]:
    """Google's Pub/Sub emulator: host:port."""
    yield from _emulator(emulators_folder, "pubsub")


@pytest.fixture(scope="session")
def storage_emulator(emulators_folder: Path) -> Iterator[str]:
    """A Cloud Storage emulator: its URL."""
    yield from _emulator(emulators_folder, "storage")


@pytest.fixture(scope="session")
def bigquery_emulator(emulators_folder: Path, storage_emulator: str) -> Iterator[str]:
    """A BigQuery emulator that loads from ``storage_emulator``: its URL."""
    yield from _emulator(emulators_folder, "bigquery", storage=storage_emulator)

"""Emulators of Pub/Sub, Cloud Storage and BigQuery: those of a data directory, shared by all who use it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.emulators.addresses import remember, same_port
from infra.local.emulators.google_sdk import jar, java
from infra.local.emulators.kept import failing, kept_up
from infra.local.emulators.programs import STORAGE, bigquery_package, programs
from infra.postgres.locks import FileLock
from infra.runtime.configuration.emulated import EMULATORS, answers, known
from infra.runtime.configuration.profile import LOCAL_PROJECT
from infra.runtime.configuration.settings import variable
from schemas.problem import Problem

PATIENCE = 90.0  # seconds for another process's emulators to answer
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Emulators:
    """Where they listen: ``pubsub`` as host:port, the others as URLs; None for those nobody asked for."""

    pubsub: str | None = None
    storage: str | None = None
    bigquery: str | None = None


async def bare(_: Emulators) -> None:
    """Puts nothing into emulators."""


@asynccontextmanager
async def emulators(
    data_dir: Path,
    *,
    wanted: Collection[str] = EMULATORS,
    given: Mapping[str, str] | None = None,
    project: str = LOCAL_PROJECT,
    furnish: Callable[[Emulators], Awaitable[None]] = bare,
) -> AsyncIterator[Emulators]:
    """These emulators, ready inside the block: those ``given``, else those that run for the directory, else new ones.

    ``furnish`` puts into them what must be there, now and whenever one of ours died and was started again. Without
    ``given`` the variables of the environment say which are there already. Raises ``EmulatorMissing``,
    ``EmulatorFailed``, ``EmulatorDied``, and ``TimeoutError`` where another process holds the directory and its
    emulators do not answer.
    """
    by_hand = _by_hand() if given is None else given
    found = {name: by_hand[name] for name in wanted if name in by_hand}
    async with failing() as fail, AsyncExitStack() as stack:

        async def again() -> None:
            await furnish(Emulators(**found))

        folder = _Folder(_made(data_dir), project, stack, by_hand.get("storage"), again, fail)
        try:
            async with asyncio.TaskGroup() as starts:  # all, or none is left behind
                starts.create_task(folder.have(found, {"pubsub"} & set(wanted)))
                starts.create_task(folder.have(found, {"storage", "bigquery"} & set(wanted)))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        stack.callback(folder.let_go)
        await again()
        yield Emulators(**found)


async def install(wanted: Collection[str] = EMULATORS) -> None:
    """Put onto this machine what is not there yet; Google's own must be there.

    Raises ``InstallationFailed``, ``PubSubEmulatorMissing``.
    """
    if "pubsub" in wanted:
        java()
        jar()
    if "storage" in wanted:
        await STORAGE.install()
    if "bigquery" in wanted:
        await bigquery_package().install()


def provision(name: str) -> str:
    """What would be started for this name. Raises ``EmulatorMissing``."""
    if name == "pubsub":
        java()
        return jar().name
    package = STORAGE if name == "storage" else bigquery_package()
    return Path(package.program("python")).parents[1].name


def _by_hand() -> dict[str, str]:
    named = {name: os.environ.get(variable(f"{name}_emulator_host"), "").rstrip("/") for name in EMULATORS}
    return {name: value for name, value in named.items() if value}


def _made(data_dir: Path) -> Path:
    folder = data_dir.resolve() / "emulators"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class _Folder:
    """The emulators of a data directory; what is started here ends with ``stack``."""

    path: Path
    project: str
    stack: AsyncExitStack
    storage: str | None  # where BigQuery loads from, if that is not started here
    again: Callable[[], Awaitable[None]]
    fail: Callable[[Problem], None]
    ends: list[Callable[[], None]] = field(default_factory=list)

    def let_go(self) -> None:
        """Have all that were started here go, together."""
        for end in self.ends:
            end()

    async def have(self, found: dict[str, str], wanted: Collection[str]) -> None:
        """Put the addresses of these into ``found``, one after the other: BigQuery asks where its storage is."""
        for name in EMULATORS:
            if name in wanted and name not in found:
                found[name] = await self._one(name, storage=found.get("storage", self.storage))

    async def _one(self, name: str, *, storage: str | None) -> str:
        lock = FileLock(self.path / f"{name}.lock")
        self.stack.callback(lock.close)
        if not lock.try_exclusive():
            return await _answering(self.path, name)
        port = same_port(self.path, name)
        for program in programs(name, port, self.path, project=self.project, storage_url=storage):
            kept = kept_up(program, self.path, again=self.again, fail=self.fail)
            self.ends.append(await self.stack.enter_async_context(kept))
        return remember(self.path, name, port)


async def _answering(folder: Path, name: str) -> str:
    async with asyncio.timeout(PATIENCE):
        while not answers(known(folder).get(name)):  # noqa: ASYNC110  # another process cannot set an Event
            await asyncio.sleep(_LOOK_SECONDS)
    return known(folder)[name]

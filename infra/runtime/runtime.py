"""What a process has at hand: settings, database, bus, lake, warehouse, and a client for what lies outside."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import structlog

from infra.postgres import foreign
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.postgres.event_log import make_days
from infra.postgres.instance import claim_lake, read_seal, recognise_restore
from infra.runtime.adapters import Judges, open_bus, open_lake, open_warehouse
from infra.runtime.configuration.emulated import with_emulators
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.settings import Settings
from infra.runtime.configuration.stand_in import with_stand_in
from infra.runtime.egress.session import late_session
from infra.runtime.events.bus import Bus
from infra.runtime.events.relay import Relay
from infra.runtime.telemetry import tracing
from schemas.problem import Problem

if TYPE_CHECKING:
    import aiohttp

    from infra.runtime.lake import Lake
    from infra.runtime.warehouse import Warehouse

log = structlog.get_logger()

Built = TypeVar("Built")
ROOT = Path(__file__).parents[2]


class ForeignLake(Problem):
    """The database was made together with another lake."""

    code: ClassVar[str] = "FOREIGN_LAKE"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "This database belongs to another lake"
    recovery: ClassVar[str] = (
        "Set HEADRACE_DATA_DIR or HEADRACE_LAKE_URL to the place that was used with this database."
    )


class NoInstallation(Problem):
    """Something is asked of a system that is not there."""

    code: ClassVar[str] = "NO_INSTALLATION"
    title: ClassVar[str] = "There is no Headrace here"
    recovery: ClassVar[str] = (
        "Name where it is: --data-dir, --profile or HEADRACE_DATABASE_URL. `headrace migrate` or `headrace up` makes a"
        " new one."
    )


@dataclass
class Runtime:
    """One process's hold on the world. Contexts keep what they build from it in ``built``, once a process.

    What is asked of it and held is entered in ``closing``, or in ``leaving`` where its end has to be awaited; whoever
    opened it closes both.
    """

    settings: Settings
    database: Database
    doorbell: Doorbell
    bus: Bus
    relay: Relay
    lake: "Lake"
    session: "aiohttp.ClientSession"
    name: str
    public_url: str | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    built: dict[Any, Any] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)
    leaving: AsyncExitStack = field(default_factory=AsyncExitStack)

    def once(self, build: Callable[["Runtime"], Built]) -> Built:
        """What ``build`` makes of this runtime; made at the first call."""
        if build not in self.built:
            self.built[build] = build(self)
        found: Built = self.built[build]
        return found

    def warehouse(self, judges: Judges) -> "Warehouse":
        """The warehouse; ``judges`` compute columns from a stored line."""
        warehouse = open_warehouse(self.settings, self.lake, judges)
        self.closing.callback(warehouse.close)
        return warehouse


def process_name(pid: int) -> str:
    """What a process of this machine is called as a worker."""
    return f"{socket.gethostname()}-{pid}"


@asynccontextmanager
async def open_runtime(settings: Settings, *, migrate: bool = False, name: str | None = None) -> AsyncIterator[Runtime]:
    """Open everything for one process and close it again.

    With ``migrate`` the schema is brought up to date first, else it is only checked. ``name`` tells it apart as a
    worker where a process has more than one. Raises ``DatabaseUnavailable``, ``DatabaseUrlRefused``,
    ``SchemaMismatch``, ``ForeignLake``, and what ``placed``, ``with_emulators`` and the adapters raise.
    """
    settings = with_stand_in(await asyncio.to_thread(with_emulators, placed(settings)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(tracing.exporting())
        database = await _database(settings, stack)
        stack.push_async_callback(database.close)
        await _schema(database, migrate=migrate)
        if await recognise_restore(database):
            log.warning("the database was restored: streams and lists of events begin anew")
        await read_seal(database)
        closing = stack.enter_context(ExitStack())
        lake = open_lake(settings)
        closing.callback(lake.close)
        if not await claim_lake(database, await asyncio.to_thread(lambda: str(lake.id))):
            raise ForeignLake(f"It is not the one at {settings.lake_url or settings.data_dir / 'lake'}")
        doorbell = Doorbell(database)
        await doorbell.open()
        stack.push_async_callback(doorbell.close)
        session = await stack.enter_async_context(late_session())
        bus = await stack.enter_async_context(open_bus(settings, database, doorbell, session))
        if settings.profile == "gcp" or settings.push_url is not None:
            from infra.runtime.functions.doorbells import carrier  # noqa: PLC0415  # functions know this module

            doorbell.carry = carrier(bus)
        relay = Relay(database, bus)
        stack.push_async_callback(relay.close)
        leaving = await stack.enter_async_context(AsyncExitStack())
        yield Runtime(
            settings=settings,
            database=database,
            doorbell=doorbell,
            bus=bus,
            relay=relay,
            lake=lake,
            session=session,
            name=name or process_name(os.getpid()),
            public_url=settings.public_url,
            closing=closing,
            leaving=leaving,
        )


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database alone, of a system that is there already: lake, warehouse and bus need not be reached.

    Raises ``NoInstallation``, ``DatabaseUnavailable``, ``DatabaseUrlRefused``, ``SchemaMismatch`` and what ``placed``
    raises.
    """
    settings = placed(settings)
    if settings.database_url is None and not _made(settings.data_dir):
        raise NoInstallation(f"Nothing was ever started in {settings.data_dir.resolve()}")
    async with AsyncExitStack() as stack:
        database = await _database(settings, stack)
        stack.push_async_callback(database.close)
        await _schema(database, migrate=False)
        yield database


def _made(data_dir: Path) -> bool:
    from infra.postgres.server import made  # noqa: PLC0415  # only where the embedded server is used

    return made(data_dir)


async def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    if settings.database_url is not None:
        return await foreign.connect(settings.database_url.clear, size=settings.database_pool)
    from infra.postgres import keep_up, server  # noqa: PLC0415  # only where the embedded server is used

    embedded = await server.start(settings.data_dir)
    stack.push_async_callback(embedded.leave)
    await stack.enter_async_context(keep_up.kept_up(embedded))
    return await Database.connect(embedded.dsn, size=settings.database_pool)


async def _schema(database: Database, *, migrate: bool) -> None:
    from infra.postgres.migrate import check, found  # noqa: PLC0415  # named like the parameter
    from infra.postgres.migrate import migrate as apply  # noqa: PLC0415  # see above

    if migrate:
        await apply(database, found(ROOT))
        await make_days(database)  # before the first event of a day has to go elsewhere
    else:
        await check(database, found(ROOT))

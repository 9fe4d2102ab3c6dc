"""The adapters that settled settings choose, by the places they name; each is loaded only where it is used."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import SplitResult, unquote, urlsplit

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.configuration.settings import Settings
from infra.runtime.events.bus import Bus
from schemas.problem import Problem
from schemas.tables import warehouse_tables

if TYPE_CHECKING:
    import aiohttp

    from infra.gcp.bigquery import BigQueryWarehouse
    from infra.runtime.lake import Lake
    from infra.runtime.warehouse import Warehouse

_CLIENTS = "google.cloud"

BIGQUERY_LOAD_SECONDS = 60.0  # a table takes about 1,500 loads a day, failed ones included

Judges = Mapping[str, Callable[[bytes], Any]]


class GoogleMissing(Problem):
    """The profile needs Google's clients, and they are not installed."""

    code: ClassVar[str] = "GOOGLE_MISSING"
    title: ClassVar[str] = "Google's client libraries are not installed"
    recovery: ClassVar[str] = "Run `make setup-gcp`; where Headrace is installed as a package, install its extra `gcp`."


def open_lake(settings: Settings) -> "Lake":
    """The lake at HEADRACE_LAKE_URL. Raises ``GoogleMissing``, ``StoreQuota``."""
    url = urlsplit(settings.lake_url or "")
    if url.scheme != "gs":
        from infra.embedded.lake import Lake  # noqa: PLC0415  # the profile decides what is loaded

        return Lake(_folder(settings, url, "lake"))
    installed("storage")
    from infra.gcp.storage import StorageLake  # noqa: PLC0415  # see above

    return StorageLake(
        url.netloc,
        prefix=url.path.strip("/"),
        project=settings.google_cloud_project,
        emulator=settings.storage_emulator_host,
    )


def open_warehouse(settings: Settings, lake: "Lake", judges: Judges) -> "Warehouse":
    """The warehouse at HEADRACE_WAREHOUSE_URL. Raises ``GoogleMissing``."""
    tables = cast("Mapping[str, Sequence[Mapping[str, str]]]", warehouse_tables())
    url = urlsplit(settings.warehouse_url or "")
    if url.scheme != "bq":
        from infra.embedded.warehouse import Warehouse  # noqa: PLC0415  # not every process needs it

        return Warehouse(_folder(settings, url, "warehouse"), lake, tables, judges=judges)
    project, _, dataset = url.netloc.rpartition(".")
    installed("bigquery")
    from infra.gcp.bigquery import BigQueryWarehouse  # noqa: PLC0415  # see above

    return BigQueryWarehouse(project, dataset, lake, tables, judges=judges, emulator=settings.bigquery_emulator_host)


async def look_at_warehouse(settings: Settings) -> None:
    """Make sure that the dataset is there and may be read; a folder needs no look.

    Raises ``GoogleMissing``, ``WarehouseMissing``, ``WarehouseForbidden``, ``WarehouseUnavailable``.
    """
    if (settings.warehouse_url or "").startswith("bq:"):
        with closing(cast("BigQueryWarehouse", open_warehouse(settings, open_lake(settings), {}))) as warehouse:
            await warehouse.look()


def seconds_between_loads(settings: Settings) -> float:
    """How far loads should lie apart for the warehouse to take them all day; 0 where it takes any number."""
    counted = urlsplit(settings.warehouse_url or "").scheme == "bq" and settings.bigquery_emulator_host is None
    return BIGQUERY_LOAD_SECONDS if counted else 0.0


@asynccontextmanager
async def open_bus(
    settings: Settings, database: Database, doorbell: Doorbell, session: "aiohttp.ClientSession"
) -> AsyncIterator[Bus]:
    """The bus of the profile. Raises ``GoogleMissing``."""
    if settings.profile == "embedded":
        from infra.embedded.bus import EmbeddedBus  # noqa: PLC0415  # see above

        bell = doorbell.bell("bus")
        yield EmbeddedBus(database, doorbell=bell, ring=lambda: doorbell.ring("bus"), session=session)
        return
    installed("pubsub")
    from infra.gcp.pubsub import PubSubBus  # noqa: PLC0415  # see above

    project = settings.google_cloud_project or ""
    emulator, account = settings.pubsub_emulator_host, settings.push_account
    async with PubSubBus(project, database, emulator=emulator, push_account=account) as bus:
        yield bus


async def lay_out(settings: Settings, functions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Make the topics and subscriptions of these functions; returns the latter, none where the bus is embedded.

    It can be repeated. Raises ``GoogleMissing`` and what Pub/Sub refuses.
    """
    if settings.profile == "embedded":
        return []
    installed("pubsub")
    from infra.gcp import pubsub  # noqa: PLC0415  # see above

    return await pubsub.lay_out(
        settings.google_cloud_project or "",
        functions,
        emulator=settings.pubsub_emulator_host,
        push_url=settings.push_url,
        push_account=settings.push_account,
    )


async def lacking(settings: Settings, functions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The subscriptions that ``lay_out`` would make, none where the bus is embedded; raises what it raises."""
    if settings.profile == "embedded":
        return []
    installed("pubsub")
    from infra.gcp import pubsub  # noqa: PLC0415  # see above

    project, emulator = settings.google_cloud_project or "", settings.pubsub_emulator_host
    return await pubsub.lacking(project, functions, emulator=emulator, push_url=settings.push_url)


def _folder(settings: Settings, url: SplitResult, usual: str) -> Path:
    return Path(unquote(url.path)) if url.scheme else settings.data_dir / usual


def installed(product: str) -> None:
    """Make sure of Google's client for a product. Raises ``GoogleMissing``."""
    # looked for before anything is opened: most of Google's modules are loaded at first use only
    try:
        found = find_spec(f"{_CLIENTS}.{product}")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise GoogleMissing(f"There is no {_CLIENTS}.{product}")

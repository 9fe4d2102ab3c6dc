"""The adapters that settled settings choose, by the places they name; each is loaded only where it is used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import SplitResult, unquote, urlsplit

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.bus import Bus
from infra.runtime.settings import Settings
from schemas.problem import Problem
from schemas.tables import warehouse_tables

if TYPE_CHECKING:
    import aiohttp

    from infra.runtime.lake import Lake
    from infra.runtime.warehouse import Warehouse

Judges = Mapping[str, Callable[[bytes], Any]]


class GoogleMissing(Problem):
    """The profile needs Google's clients, and they are not installed."""

    code: ClassVar[str] = "GOOGLE_MISSING"
    title: ClassVar[str] = "Google's client libraries are not installed"
    recovery: ClassVar[str] = "Run `make setup-gcp`; where Headrace is installed as a package, install its extra `gcp`."


async def open_lake(settings: Settings) -> "Lake":
    """The lake at HEADRACE_LAKE_URL. Raises ``GoogleMissing``, ``StoreQuota``, ``StoreUnavailable``."""
    url = urlsplit(settings.lake_url or "")
    if url.scheme != "gs":
        from infra.embedded.lake import Lake  # noqa: PLC0415  # the profile decides what is loaded

        return Lake(_folder(settings, url, "lake"))
    made: Lake = _googles("storage").StorageLake(
        url.netloc,
        prefix=url.path.strip("/"),
        project=settings.google_cloud_project,
        emulator=settings.storage_emulator_host,
    )
    return made


def open_warehouse(settings: Settings, lake: "Lake", judges: Judges) -> "Warehouse":
    """The warehouse at HEADRACE_WAREHOUSE_URL. Raises ``GoogleMissing``."""
    tables = cast("Mapping[str, Sequence[Mapping[str, str]]]", warehouse_tables())
    url = urlsplit(settings.warehouse_url or "")
    if url.scheme != "bq":
        from infra.embedded.warehouse import Warehouse  # noqa: PLC0415  # not every process needs it

        return Warehouse(_folder(settings, url, "warehouse"), lake, tables, judges=judges)
    project, _, dataset = url.netloc.rpartition(".")
    made: Warehouse = _googles("bigquery").BigQueryWarehouse(
        project, dataset, lake, tables, judges=judges, emulator=settings.bigquery_emulator_host
    )
    return made


async def open_bus(settings: Settings, database: Database, doorbell: Doorbell, session: "aiohttp.ClientSession") -> Bus:
    """The bus of the profile. Raises ``GoogleMissing``."""
    if settings.profile == "embedded":
        from infra.embedded.bus import EmbeddedBus  # noqa: PLC0415  # see above

        return EmbeddedBus(database, doorbell=doorbell.bell("bus"), ring=lambda: doorbell.ring("bus"), session=session)
    made: Bus = _googles("pubsub").PubSubBus(settings.google_cloud_project, emulator=settings.pubsub_emulator_host)
    return made


def _folder(settings: Settings, url: SplitResult, usual: str) -> Path:
    return Path(unquote(url.path)) if url.scheme else settings.data_dir / usual


def _googles(product: str) -> Any:
    try:
        return import_module(f"infra.gcp.{product}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "google":
            raise
        raise GoogleMissing(f"There is no {error.name}") from error

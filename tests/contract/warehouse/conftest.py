"""Every adapter of the port Warehouse: one entry in ``ADAPTERS`` and the whole suite runs against it."""

import gzip
import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from schemas.load_source import LoadSource
from tests.contract.warehouse.differences import differences

STORED_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
COLUMNS = {
    "tenant": "default",
    "provider": "bright_data",
    "platform": "shop",
    "competitor": "acme",
    "dataset_id": "gd_1",
    "is_error": False,
    "stored_at": STORED_AT,
}


@dataclass(frozen=True)
class WarehouseAdapter:
    """``code`` is Python that leaves the adapter in ``warehouse``, and its lake in ``lake``; ``place`` names both."""

    code: str
    place: str = ""

    def open(self) -> tuple[Any, Any]:
        """A warehouse and its lake, as another process would open them."""
        names: dict[str, Any] = {}
        exec(self.code, names)  # the same text must also run in another process
        return names["warehouse"], names["lake"]


def embedded(folder: Path) -> WarehouseAdapter:
    return WarehouseAdapter(
        "from pathlib import Path\n"
        "from infra.embedded.lake import Lake\n"
        "from infra.embedded.warehouse import Warehouse\n"
        "from schemas.tables import warehouse_tables\n"
        f"lake = Lake(Path({str(folder / 'lake')!r}))\n"
        f"warehouse = Warehouse(Path({str(folder / 'warehouse')!r}), lake, warehouse_tables())\n"
    )


def bigquery(storage: str, bigquery: str) -> WarehouseAdapter:
    """A dataset and a bucket's folder of their own, in emulators at these addresses."""
    place = f"test_{uuid4().hex}"
    return WarehouseAdapter(
        "from infra.gcp.bigquery import BigQueryWarehouse\n"
        "from infra.gcp.storage import StorageLake\n"
        "from schemas.tables import warehouse_tables\n"
        f"lake = StorageLake('warehouse-suite', prefix={place!r}, project='local', emulator={storage!r})\n"
        f"warehouse = BigQueryWarehouse('local', {place!r}, lake, warehouse_tables(), emulator={bigquery!r})\n",
        place,
    )


def forget(emulator: str, dataset: str) -> None:
    """Delete a dataset: whatever BigQuery's emulator is asked, it looks through all tables it ever kept."""
    url = f"{emulator}/bigquery/v2/projects/local/datasets/{dataset}?deleteContents=true"
    try:
        urlopen(Request(url, method="DELETE"), timeout=60).close()
    except HTTPError as error:
        if error.code != 404:  # not every test made one
            raise
        error.close()


@pytest.fixture
def embedded_adapter(tmp_path: Path) -> WarehouseAdapter:
    return embedded(tmp_path)


@pytest.fixture
def bigquery_adapter(
    request: pytest.FixtureRequest, storage_emulator: str, bigquery_emulator: str
) -> Iterator[WarehouseAdapter]:
    """BigQuery's emulator; what it cannot show is expected to fail, and only that."""
    known = differences(bigquery_emulator)
    if (sentence := request.function.__name__) in known:
        request.applymarker(pytest.mark.xfail(strict=True, reason=known[sentence]))
    made = bigquery(storage_emulator, bigquery_emulator)
    yield made
    forget(bigquery_emulator, made.place)


ADAPTERS = ("embedded", "bigquery")


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> WarehouseAdapter:
    found: WarehouseAdapter = request.getfixturevalue(f"{request.param}_adapter")
    return found


@pytest.fixture
def opened(adapter: WarehouseAdapter) -> tuple[Any, Any]:
    return adapter.open()


@pytest.fixture
def warehouse(opened: tuple[Any, Any]) -> Any:
    return opened[0]


@pytest.fixture
def lake(opened: tuple[Any, Any]) -> Any:
    return opened[1]


Store = Callable[..., Awaitable[LoadSource]]


@pytest.fixture
def store(lake: Any) -> Store:
    """Puts lines into the lake as a crawl's object; returns the source to load."""

    async def stored(crawl_id: str, lines: Sequence[str], *, attempt: int = 1, **columns: Any) -> LoadSource:
        packed = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)

        async def blocks() -> AsyncIterator[bytes]:
            yield packed

        name = f"crawls/{crawl_id}/{attempt}/records.ndjson.gz"
        await lake.create(name, blocks())
        return LoadSource(key=crawl_id, attempt=attempt, object_name=name, columns=COLUMNS | columns)

    return stored


@pytest.fixture(scope="module")
def suite() -> ModuleType:
    """The sentences of the suite, for controls."""
    spec = importlib.util.spec_from_file_location("warehouse_suite", Path(__file__).with_name("test_warehouse.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

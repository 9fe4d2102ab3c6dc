"""When BigQuery answers badly, or somebody else is faster."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from google.api_core.exceptions import BadRequest

from infra.gcp.bigquery import BigQueryWarehouse, connection
from schemas.load_source import WarehouseUnavailable
from schemas.stored_object import ObjectMissing
from schemas.tables import warehouse_tables
from tests.contract.lake.rough import rough

ROOT = Path(__file__).parents[3]

WHO_LOADS = """
import asyncio, sys, threading
from infra.gcp.bigquery import BigQueryWarehouse
from schemas.tables import warehouse_tables

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "google.cloud.bigquery":
            print(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watch())
asked = BigQueryWarehouse("local", "d", None, warehouse_tables(), emulator=sys.argv[1])

async def ask():
    try:
        await asyncio.wait_for(asked.find("records", {"crawl_id": "c"}), 0.01)
    except Exception as error:
        print(type(error).__name__)

asyncio.run(ask())
"""


PATIENCE = 20.0  # seconds, on a machine that has much else to do


@pytest.fixture
def adapter(bigquery_adapter: Any) -> Any:
    return bigquery_adapter


def opened(adapter: Any, lake: Any, address: str) -> BigQueryWarehouse:
    tables: Any = warehouse_tables()
    return BigQueryWarehouse("local", adapter.place, lake, tables, emulator=address)


async def test_an_answer_that_fails_again_and_again_is_given_up_in_time(
    adapter: Any, lake: Any, bigquery_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 0.5)
    until = time.monotonic() + 2 * PATIENCE  # without a limit of ours it ends then only

    def trouble(request: web.Request) -> str:
        return "503" if "/queries/" in request.path and time.monotonic() < until else ""

    async with rough(bigquery_emulator, trouble) as way:
        with pytest.raises(WarehouseUnavailable):
            await opened(adapter, lake, way).query("SELECT 1 AS one")

    assert time.monotonic() < until - PATIENCE


async def test_nobody_who_answers_a_question_is_told_in_time(
    adapter: Any, lake: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 0.5)
    nobody = opened(adapter, lake, f"http://127.0.0.1:{unused_tcp_port}")
    begun = time.monotonic()
    with pytest.raises(WarehouseUnavailable):
        await nobody.find("records", {"crawl_id": "c1"})

    assert time.monotonic() - begun < PATIENCE


async def test_a_question_that_loses_against_others_is_asked_again(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, lost = connection._rows, [BadRequest("Could not serialize access to the table")]  # type: ignore[no-untyped-call]

    def losing(job: Any) -> Any:
        if lost:
            raise lost.pop()
        return rows(job)

    monkeypatch.setattr(connection, "_rows", losing)

    assert await warehouse.query("SELECT 1 AS one") == [{"one": 1}]
    assert lost == []


async def test_googles_client_is_loaded_beside_the_event_loop(unused_tcp_port: int) -> None:
    address = f"http://127.0.0.1:{unused_tcp_port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WHO_LOADS, address, cwd=ROOT, stdout=subprocess.PIPE
    )
    said, _ = await process.communicate()

    assert said.decode().split()[0] == "False"


async def test_of_two_who_sweep_the_slower_one_finds_nothing_to_do(
    warehouse: Any, lake: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"])])
    read = type(lake).read

    async def gone(self: Any, name: str) -> Any:
        if name.endswith("manifest.json"):
            raise ObjectMissing(name)
        async for block in read(self, name):
            yield block

    monkeypatch.setattr(type(lake), "read", gone)

    assert await warehouse.sweep(3600) == 0

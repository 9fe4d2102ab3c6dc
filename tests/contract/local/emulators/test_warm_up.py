"""What local-bigquery does wrong while it is cold."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from infra.local.emulators.child import Program, started
from infra.local.emulators.programs import LOCAL_BIGQUERY, bigquery
from tests.ports import kept_port

TABLE = {"projectId": "local", "datasetId": "d"}


@pytest.fixture
def warm(tmp_path: Path, storage_emulator: str) -> Program:
    if not LOCAL_BIGQUERY.installed():
        pytest.skip("local-bigquery is not installed: headrace emulators --install, where there is a Python 3.13")
    source = {"url": storage_emulator, "root": ""}
    return bigquery(kept_port(), kept_port(), data=tmp_path / "bigquery", project="local", source=source)


async def load(http: aiohttp.ClientSession, number: int) -> str:
    """What a load of a missing object ends with."""
    name = f"load_{number}_{uuid4().hex}"
    asked = {"destinationTable": {**TABLE, "tableId": name}, "sourceUris": ["gs://nowhere/nothing.csv"]}
    job = {"jobReference": {"projectId": "local", "jobId": name}, "configuration": {"load": asked}}
    await http.post("jobs", json=job)
    while True:
        async with http.get(f"jobs/{name}") as answer:
            status: dict[str, Any] = (await answer.json())["status"]
        if status["state"] == "DONE":
            return str(status["errorResult"]["message"])
        await asyncio.sleep(0.02)


async def conflicts(program: Program, folder: Path) -> int:
    """How many of the loads that begin together end because of another one."""
    async with started(program, folder), aiohttp.ClientSession(f"{program.probe.rpartition('/')[0]}/") as http:
        await http.post("datasets", json={"datasetReference": TABLE})
        told = await asyncio.gather(*(load(http, number) for number in range(8)))
    return sum("conflict" in one for one in told)


async def test_the_first_loads_may_begin_together(warm: Program, tmp_path: Path) -> None:
    assert await conflicts(warm, tmp_path) == 0


async def test_control_while_it_is_cold_some_of_them_fail(warm: Program, tmp_path: Path) -> None:
    cold = replace(warm, first=None)

    for _ in range(3):
        if await conflicts(cold, tmp_path):
            return
    pytest.fail("local-bigquery needs no first load any more")

"""What callers see of a job that is archived: itself where it is asked for by its id, and not in lists."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from functions import clean_up
from infra.embedded.warehouse import Warehouse
from services.jobs.reading.find_job import AT_ONCE
from tests.flow.jobs.reader import Reader

OLD = "state = 'completed', progress = 100, result = '{\"n\": 1}', finished_at = now() - interval '31 day'"


async def test_an_archived_job_is_found_by_its_id_and_in_no_list(reading: Reader) -> None:
    [old] = await reading.queue(kind="drill", queue="drill", columns=OLD, metadata={"m": 1})
    paths = [f"/api/background/job/{old}", f"/api/v2/jobs/{old}", f"/api/background/job/{old}/progress"]
    before = [await reading.read(path) for path in paths]
    listed = await reading.ids()

    await clean_up.main.function.build(reading.counter.runtime)(asyncio.Event())

    assert [await reading.read(path) for path in paths] == before
    assert before[0]["result"] == {"n": 1}
    assert (listed, await reading.ids()) == ([old], [])


async def test_control_a_younger_job_stays_in_lists(reading: Reader) -> None:
    [young] = await reading.queue(kind="drill", queue="drill", columns=OLD.replace("31", "29"))

    await clean_up.main.function.build(reading.counter.runtime)(asyncio.Event())

    assert await reading.ids() == [young]


async def test_an_id_that_was_never_archived_is_unknown_without_the_warehouse(
    reading: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    [old] = await reading.queue(kind="drill", queue="drill", columns=OLD)
    await clean_up.main.function.build(reading.counter.runtime)(asyncio.Event())
    asked: list[str] = []
    find = Warehouse.find

    async def noted(self: Warehouse, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked.append(table)
        return await find(self, table, equal)

    monkeypatch.setattr(Warehouse, "find", noted)
    strangers = [await reading.get(f"/api/v2/jobs/{uuid4()}") for _ in range(10)]
    for_strangers = len(asked)

    assert (await reading.get(f"/api/v2/jobs/{old}"))[0] == 200
    assert [status for status, _ in strangers] == [404] * 10
    assert (for_strangers, len(asked)) == (0, 1)


async def test_few_ask_the_warehouse_at_once_however_many_want_archived_jobs(
    reading: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    [old] = await reading.queue(kind="drill", queue="drill", columns=OLD)
    await clean_up.main.function.build(reading.counter.runtime)(asyncio.Event())
    asking = most = 0
    find = Warehouse.find

    async def counted(self: Warehouse, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        try:
            return await find(self, table, equal)
        finally:
            asking -= 1

    monkeypatch.setattr(Warehouse, "find", counted)
    answers = await asyncio.gather(*(reading.get(f"/api/v2/jobs/{old}") for _ in range(12)))

    assert {status for status, _ in answers} == {200}
    assert most == AT_ONCE

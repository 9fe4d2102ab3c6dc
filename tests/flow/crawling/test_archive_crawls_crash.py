"""Whatever dies on the way into the warehouse, a crawl is found all the time and archived once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from schemas.load_source import LoadSource
from tests.flow.crawling.archives import aged, archived, left_behind, rows
from tests.flow.crawling.rig import House, Killed


class Spoiled:
    """A warehouse that dies before or after something, or does less than it says."""

    def __init__(self, whole: Any, fault: str) -> None:
        self.whole, self.fault = whole, fault

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        self._die("before load")
        counts: Mapping[str, int] = await self.whole.load(load_id, table, sources)
        self._die("after load")
        return dict.fromkeys(counts, 0) if self.fault == "counts wrongly" else counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        if self.fault != "publishes nothing":
            await self.whole.publish(table, attempts)
        self._die("after publish")

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.whole.find(table, equal)
        return found

    def _die(self, moment: str) -> None:
        if self.fault == moment:
            raise Killed


@pytest.fixture
async def old(house: House) -> UUID:
    """A crawl that ended 31 days ago."""
    crawl_id = await house.stored("ready_after:0,records:3")
    await house.work("load")
    await aged(house, crawl_id)
    return crawl_id


@pytest.mark.parametrize("moment", ["before load", "after load", "after publish"])
async def test_a_process_that_dies_on_the_way_leaves_the_crawl_to_the_next(
    house: House, old: UUID, moment: str
) -> None:
    with pytest.raises(Killed):
        await archived(house, warehouse=Spoiled(house.context.history, moment))
    between, waiting = await house.status(old), (await left_behind(house))["leaving_crawls"]

    assert await archived(house) == 0
    assert (between["archived"], waiting) == (True, 1)
    assert len(await rows(house, old)) == 1
    assert await house.status(old) == between
    assert set((await left_behind(house)).values()) == {0}
    assert [name async for name in house.context.lake.list("jobs/crawls/")] == []


@pytest.mark.parametrize("fault", ["counts wrongly", "publishes nothing"])
async def test_no_row_goes_before_it_is_seen_in_the_warehouse(house: House, old: UUID, fault: str) -> None:
    await archived(house, warehouse=Spoiled(house.context.history, fault))

    assert (await left_behind(house))["leaving_crawls"] == 1
    assert (await house.status(old))["archived"]
    await archived(house)
    assert (await left_behind(house))["leaving_crawls"] == 0
    assert (await house.status(old))["archived"]


async def test_control_a_whole_warehouse_leaves_nothing_behind(house: House, old: UUID) -> None:
    assert await archived(house, warehouse=Spoiled(house.context.history, "")) == 1
    assert set((await left_behind(house)).values()) == {0}
    assert len(await rows(house, old)) == 1

"""Lakes that die, are written by others or are away, and what a stored result must be."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from infra.gcp.storage import StorageLake
from schemas.stored_object import StoredObject, StoreUnavailable
from services.crawling.store_snapshot import store_snapshot
from tests.flow.crawling.rig import House, Killed, sha256

THREE_PARTS = "ready_after:0,records:2500"


class Around:
    """Another lake, and what a test does to it."""

    def __init__(self, lake: Any) -> None:
        self.lake = lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lake, name)


class Fragile(Around):
    """A lake whose process dies before or after one of its operations."""

    def __init__(self, lake: Any, point: str) -> None:
        super().__init__(lake)
        self.when, self.operation, self.name = point.split()

    def _at(self, when: str, operation: str, name: str) -> None:
        if (when, operation) == (self.when, self.operation) and name.endswith(self.name):
            raise Killed

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        self._at("before", "create", name)
        stored: StoredObject = await self.lake.create(name, blocks)
        self._at("after", "create", name)
        return stored

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        self._at("before", "compose", name)
        stored: StoredObject = await self.lake.compose(name, parts)
        self._at("after", "compose", name)
        return stored

    async def delete(self, name: str) -> None:
        self._at("before", "delete", name)
        await self.lake.delete(name)
        self._at("after", "delete", name)


class Blind(Around):
    """A lake in which somebody else writes between a look and the writing."""

    def __init__(self, lake: Any) -> None:
        super().__init__(lake)
        self.looks: dict[str, int] = {}

    async def stat(self, name: str) -> StoredObject | None:
        self.looks[name] = self.looks.get(name, 0) + 1
        found: StoredObject | None = None if self.looks[name] == 1 else await self.lake.stat(name)
        return found


class Away(Around):
    """A lake that takes nothing."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        raise StoreUnavailable("the bucket does not answer")


class Large(Around):
    """A lake of so many objects that nobody waits for a list of them."""

    def list(self, prefix: str) -> AsyncIterator[str]:
        raise StoreUnavailable(f"the list of {prefix} takes too long")


def file_at(url: str) -> bytes:
    """What other teams read under a published address."""
    return Path(url.removeprefix("file://")).read_bytes()


async def object_at(url: str, emulator: str) -> bytes:
    """The same where the address is a bucket's."""
    async with aiohttp.ClientSession() as http, http.get(url.replace("gs:/", emulator)) as answer:
        answer.raise_for_status()
        return await answer.read()


def in_storage(emulator: str, **more: Any) -> StorageLake:
    """A lake of its own in Cloud Storage."""
    return StorageLake("flow-suite", prefix=f"test-{uuid4().hex}", emulator=emulator, **more)


async def ready(house: House, sim: str) -> UUID:
    """A crawl whose snapshot waits to be stored."""
    crawl_id = await house.submitted(sim)
    await house.poll()
    return crawl_id


async def store_and_die(house: House, crawl_id: UUID, point: str) -> None:
    context = house.context
    with pytest.raises(Killed):
        await store_snapshot(
            await house.take(crawl_id),
            database=context.database,
            lake=Fragile(context.lake, point),
            providers=context.providers,
            policy=context.policy,
        )
    await house.end_leases()


async def proven(house: House, crawl_id: UUID) -> dict[str, Any]:
    """The result of a completed crawl, after comparing everything with everything."""
    status = await house.status(crawl_id)
    assert status["pipeline_status"] == "completed", status
    (bought,) = await house.bought()
    body, result = await house.result(crawl_id), status["result"]
    assert sha256(body) == bought["sha256"] == result["sha256"]
    assert len(body) == bought["size_bytes"] == result["size_bytes"]
    assert body.count(b"\n") == result["row_count"]
    (told,) = await house.events(crawl_id, "data.ingestion.completed", "crawl.failed")
    assert told["type"] == "data.ingestion.completed"
    assert {name: told["data"][name] for name in result if name in told["data"] and name != "warehouse"} == {
        name: result[name] for name in result if name in told["data"] and name != "warehouse"
    }
    assert await house.lake_names(crawl_id, status["attempt"]) == ["manifest.json", "records.ndjson.gz"]
    return dict(result)

"""What a lake in Cloud Storage promises beyond what every lake does."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.stored_object import ObjectExists, ObjectMissing
from tests.contract.lake.conftest import LakeAdapter

MIB = 1 << 20
PIECE = 1 << 18


async def stream(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def everything(lake: Any) -> list[str]:
    """All objects of the lake's place, also those that are no names of the lake."""

    def found() -> list[str]:
        return [one.name for page in lake._bucket.pages("") for one in page]

    return await asyncio.to_thread(found)


@pytest.fixture
def lake(storage_in_pieces_adapter: LakeAdapter) -> Any:
    return storage_in_pieces_adapter.open()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, MIB + PIECE, 2 * MIB + 7])
async def test_every_size_is_stored_whole_and_nothing_else_stays(lake: Any, size: int) -> None:
    body = bytes(range(251)) * (size // 251 + 1)
    stored = await lake.create("a", stream(body[:size]))

    assert (stored.size_bytes, stored.sha256) == (size, hashlib.sha256(body[:size]).hexdigest())
    assert b"".join([block async for block in lake.read("a")]) == body[:size]
    assert await everything(lake) == ["a"]


async def test_an_exception_after_pieces_were_sent_leaves_nothing_anywhere(lake: Any) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"x" * 3 * MIB
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await lake.create("a", cut())

    assert await everything(lake) == []


async def test_of_sixteen_writers_of_long_objects_one_wins(storage_in_pieces_adapter: LakeAdapter) -> None:
    arrived = asyncio.Barrier(16)

    async def slow(number: int) -> AsyncIterator[bytes]:
        yield bytes([number]) * 2 * MIB
        await arrived.wait()
        yield bytes([number])

    lakes = [storage_in_pieces_adapter.open() for _ in range(16)]
    outcomes = await asyncio.gather(
        *(lake.create("a", slow(number)) for number, lake in enumerate(lakes)), return_exceptions=True
    )
    (won,) = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]

    assert [type(outcome) for outcome in outcomes].count(ObjectExists) == 15
    assert await lakes[0].stat("a") == won
    assert await everything(lakes[0]) == ["a"]


async def test_a_long_stream_for_a_taken_name_is_not_read_to_its_end(lake: Any) -> None:
    await lake.create("a", stream(b"first"))
    read = 0

    async def long() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * MIB

    with pytest.raises(ObjectExists):
        await lake.create("a", long())

    assert read <= 3


@pytest.mark.parametrize("count", [1, 32, 33, 70])
async def test_any_number_of_parts_is_joined(lake: Any, count: int) -> None:
    names = [f"p/{number % 3}" for number in range(count)]
    for name in dict.fromkeys(names):
        await lake.create(name, stream(name.encode()))
    whole = b"".join(name.encode() for name in names)
    stored = await lake.compose("whole", names)

    assert (stored.size_bytes, stored.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert b"".join([block async for block in lake.read("whole")]) == whole
    assert await everything(lake) == [*sorted(set(names)), "whole"]


async def test_a_part_that_is_replaced_while_it_is_joined_is_not_joined(lake: Any) -> None:
    await lake.create("p", stream(b"old"))
    found = await asyncio.to_thread(lake._bucket.find, "p")
    await lake.delete("p")
    await lake.create("p", stream(b"new"))

    async def before(name: str) -> Any:
        return found

    lake._find, lake._sum = before, lambda *_: asyncio.sleep(0)
    with pytest.raises(ObjectMissing):
        await lake.compose("whole", ["p"])

    assert await everything(lake) == ["p"]


async def test_an_object_that_is_replaced_while_it_is_read_is_not_read_on(lake: Any) -> None:
    await lake.create("a", stream(b"x" * 2 * PIECE))
    blocks = lake.read("a")
    await anext(blocks)
    await lake.delete("a")
    await lake.create("a", stream(b"y" * 2 * PIECE))

    with pytest.raises(ObjectMissing):
        await anext(blocks)


async def test_what_somebody_else_wrote_is_described_all_the_same(lake: Any) -> None:
    await asyncio.to_thread(lambda: lake._bucket.blob("a").upload_from_string(b"by hand"))

    assert (await lake.stat("a")).sha256 == hashlib.sha256(b"by hand").hexdigest()


async def test_a_lake_is_known_by_the_same_id_to_everyone_and_no_other_lake_is(
    storage_adapter: LakeAdapter, storage_in_pieces_adapter: LakeAdapter
) -> None:
    lakes = [storage_adapter.open() for _ in range(8)]
    ids = await asyncio.gather(*(asyncio.to_thread(lambda one: one.id, lake) for lake in lakes))
    other = await asyncio.to_thread(lambda: storage_in_pieces_adapter.open().id)

    assert len(set(ids)) == 1
    assert other not in ids
    assert [name async for name in lakes[0].list("")] == []


async def test_what_the_dead_left_is_swept_when_it_is_old(lake: Any) -> None:
    await asyncio.to_thread(lake._bucket.put, ".pending/dead", b"half", {})
    await lake.create("a", stream(b"whole"))

    assert await lake.sweep(older_than_seconds=3600) == 0
    lake._now = lambda: 4e9
    assert await lake.sweep(older_than_seconds=3600) == 1
    assert await everything(lake) == ["a"]


async def test_addresses_are_those_of_the_bucket(lake: Any) -> None:
    stored = await lake.create("c/records.ndjson.gz", stream(b"1"))
    blob = await asyncio.to_thread(lambda: lake._bucket._bucket().get_blob(stored.url.removeprefix("gs://lake-suite/")))

    assert stored.url.startswith("gs://lake-suite/test-")
    assert blob.content_type == "application/gzip"
    assert blob.metadata["sha256"] == stored.sha256

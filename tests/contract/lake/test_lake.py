import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.stored_object import ObjectExists, ObjectMissing, ObjectNameRefused

ROOT = Path(__file__).parents[3]
MIB = 1 << 20


async def stream(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def cut(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block
    raise ConnectionResetError("the provider hung up")


async def content(lake: Any, name: str) -> bytes:
    return b"".join([block async for block in lake.read(name)])


async def names(lake: Any, prefix: str = "") -> list[str]:
    return [name async for name in lake.list(prefix)]


async def test_a_stored_object_is_described_as_it_lies_there(lake: Any) -> None:
    stored = await lake.create("a/b.bin", stream(b"one ", b"two"))

    assert stored.name == "a/b.bin"
    assert stored.size_bytes == 7
    assert stored.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert stored.url == lake.url("a/b.bin")
    assert await lake.stat("a/b.bin") == stored
    assert await content(lake, "a/b.bin") == b"one two"


async def test_an_object_may_be_empty(lake: Any) -> None:
    stored = await lake.create("empty", stream())

    assert (stored.size_bytes, await content(lake, "empty")) == (0, b"")


async def test_a_big_object_comes_back_in_blocks_of_at_most_a_mebibyte(lake: Any) -> None:
    sizes = [3 * MIB + 17, 1, 700_000, 500_000]
    stored = await lake.create("big", stream(*(bytes([n]) * size for n, size in enumerate(sizes))))
    blocks = [block async for block in lake.read("big")]

    assert max(map(len, blocks)) <= MIB
    assert hashlib.sha256(b"".join(blocks)).hexdigest() == stored.sha256
    assert stored.size_bytes == sum(sizes)


async def test_a_taken_name_keeps_its_object(lake: Any) -> None:
    first = await lake.create("a", stream(b"first"))
    with pytest.raises(ObjectExists):
        await lake.create("a", stream(b"second"))

    assert await lake.stat("a") == first
    assert await content(lake, "a") == b"first"


async def test_of_two_concurrent_writers_exactly_one_wins(adapter: Any) -> None:
    arrived = asyncio.Barrier(2)

    async def slow(text: bytes) -> AsyncIterator[bytes]:
        yield text
        await arrived.wait()  # both have begun before either can end
        yield text

    writers = [adapter.open().create("a", slow(text)) for text in (b"x", b"y")]
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)] == [ObjectExists]
    assert won == [await adapter.open().stat("a")]
    assert await content(adapter.open(), "a") in {b"xx", b"yy"}


async def test_an_exception_in_the_stream_leaves_nothing(lake: Any) -> None:
    with pytest.raises(ConnectionResetError):
        await lake.create("a", cut(b"x" * 3 * MIB))

    assert await lake.stat("a") is None
    assert await names(lake) == []
    assert (await lake.create("a", stream(b"whole"))).size_bytes == 5


async def test_a_cancelled_writer_leaves_nothing(lake: Any) -> None:
    written = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 3 * MIB
        written.set()
        await asyncio.Event().wait()

    writer = asyncio.create_task(lake.create("a", endless()))
    await written.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer

    assert await names(lake) == []


KILLED = """
import asyncio, sys

async def blocks():
    yield b"x" * (3 << 20)
    yield b"y"
    print("half", flush=True)
    await asyncio.Event().wait()

asyncio.run(lake.create("a", blocks()))
"""


def kill_half_way(adapter: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", adapter.code + KILLED], cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"half\n"
        child.kill()


async def test_a_writer_killed_half_way_leaves_no_object(adapter: Any) -> None:
    kill_half_way(adapter)
    lake = adapter.open()

    assert await names(lake) == []
    assert await lake.stat("a") is None
    assert (await lake.create("a", stream(b"whole"))).size_bytes == 5


async def test_parts_are_joined_in_their_order(lake: Any) -> None:
    for name in ("p2", "p1"):
        await lake.create(name, stream(name.encode() * MIB))
    stored = await lake.compose("whole", ["p1", "p2"])
    joined = b"p1" * MIB + b"p2" * MIB

    assert (stored.size_bytes, stored.sha256) == (4 * MIB, hashlib.sha256(joined).hexdigest())
    assert await lake.stat("whole") == stored
    assert await names(lake) == ["p1", "p2", "whole"]


async def test_no_parts_are_joined_to_an_empty_object(lake: Any) -> None:
    stored = await lake.compose("whole", [])

    assert (stored.size_bytes, await content(lake, "whole")) == (0, b"")


async def test_a_missing_part_leaves_no_object(lake: Any) -> None:
    await lake.create("p1", stream(b"1"))
    with pytest.raises(ObjectMissing):
        await lake.compose("whole", ["p1", "p2"])

    assert await names(lake) == ["p1"]


async def test_composing_onto_a_taken_name_changes_nothing(lake: Any) -> None:
    await lake.create("p1", stream(b"1"))
    await lake.create("whole", stream(b"old"))
    with pytest.raises(ObjectExists):
        await lake.compose("whole", ["p1"])

    assert await content(lake, "whole") == b"old"


async def test_names_are_listed_by_prefix_and_sorted(lake: Any) -> None:
    stored = ["a/b/1", "a/b/2", "a/bc", "a/b-1", "a-b", "ab", "b/1", "é"]
    for name in stored:
        await lake.create(name, stream(b"."))

    assert await names(lake) == sorted(stored)
    assert await names(lake, "a/b") == ["a/b-1", "a/b/1", "a/b/2", "a/bc"]
    assert await names(lake, "a/b/") == ["a/b/1", "a/b/2"]
    assert await names(lake, "a/b/2") == ["a/b/2"]
    assert await names(lake, "nothing/here") == []


async def test_an_object_in_the_making_is_not_listed(lake: Any) -> None:
    seen: list[str] = []

    async def looking() -> AsyncIterator[bytes]:
        yield b"x" * 3 * MIB
        seen.extend(await names(lake))

    await lake.create("a", looking())

    assert (seen, await names(lake)) == ([], ["a"])


async def test_a_deleted_object_is_gone_and_may_be_deleted_again(lake: Any) -> None:
    first = await lake.create("a", stream(b"1"))
    await lake.delete("a")
    await lake.delete("a")

    assert await lake.stat("a") is None
    with pytest.raises(ObjectMissing):
        await content(lake, "a")
    assert (await lake.create("a", stream(b"2"))).generation > first.generation


@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/../../b", ".lake-id", "a\0"])
async def test_a_name_that_leads_out_of_the_lake_is_refused(lake: Any, name: str) -> None:
    for refused in (lake.create(name, stream(b"1")), lake.stat(name), lake.delete(name), content(lake, name)):
        with pytest.raises(ObjectNameRefused):
            await refused


@pytest.mark.parametrize(
    ("start", "size"), [(0, 5), (3, 4), (0, None), (7, None), (2_000_000, 1_500_000), (3_000_000, 10_000_000), (9, 0)]
)
async def test_a_part_of_an_object_is_read_alone(lake: Any, start: int, size: int | None) -> None:
    whole = bytes(range(256)) * 13_000
    await lake.create("long", stream(whole))
    blocks = [block async for block in lake.read("long", start=start, size=size)]

    assert b"".join(blocks) == whole[start:][:size]
    assert all(0 < len(block) <= MIB for block in blocks)


async def test_behind_the_end_of_an_object_there_is_nothing(lake: Any) -> None:
    await lake.create("short", stream(b"abc"))

    assert [block async for block in lake.read("short", start=3, size=5)] == []
    assert [block async for block in lake.read("short", start=9, size=5)] == []

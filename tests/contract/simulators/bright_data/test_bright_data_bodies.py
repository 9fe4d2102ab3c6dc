"""Bodies that are cut, damaged, mislabelled or slow, over HTTP that is fine or is not."""

import asyncio
import gzip
import json
import zlib
from typing import Any

import aiohttp
import pytest

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("fault", ["gzip_cut", "gzip_cut=0.9", "gzip_cut=20", "gzip_trailer"])
async def test_cut_gzip_is_good_http_and_not_whole(customer: Any, fault: str) -> None:
    reader = zlib.decompressobj(31)

    reader.decompress(await customer.lines(f"fault:{fault}", compress="true"))

    assert not reader.eof


async def test_a_wrong_checksum_is_the_only_thing_wrong(customer: Any) -> None:
    packed = await customer.lines("fault:gzip_crc", compress="true")

    assert zlib.decompressobj(-15).decompress(packed[10:-8]).count(b"\n") == 25
    with pytest.raises(zlib.error, match="incorrect data check"):
        zlib.decompressobj(31).decompress(packed)


async def test_gzip_comes_in_members_or_twice(customer: Any) -> None:
    members = await customer.lines("fault:gzip_members", compress="true")
    reader = zlib.decompressobj(31)
    first = reader.decompress(members)

    assert reader.unused_data
    assert len(gzip.decompress(members)) > len(first)
    assert gzip.decompress(members).count(b"\n") == 25
    twice = await customer.lines("fault:gzip_double", compress="true")
    assert gzip.decompress(gzip.decompress(twice)).count(b"\n") == 25


async def test_labels_lie_in_both_directions(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:gzip_plain@1,fault:plain_gzip@1")

    hidden = await customer.get(f"/snapshot/{snapshot_id}")
    feigned = await customer.get(f"/snapshot/{snapshot_id}", compress="true")

    assert (hidden.body[:2], hidden.headers["Content-Type"]) == (b"\x1f\x8b", "application/x-ndjson")
    assert (feigned.body[:1], feigned.headers["Content-Type"]) == (b"{", "application/gzip")
    assert feigned.headers["Content-Encoding"] == "gzip"


async def test_a_bomb_unpacks_to_a_thousand_times_its_size(customer: Any) -> None:
    packed = await customer.lines("fault:bomb=3", compress="true")

    assert len(gzip.decompress(packed)) == 3 << 20 > 500 * len(packed)


async def test_a_body_ends_too_early_in_good_http(customer: Any) -> None:
    whole = await customer.lines("fault:cut@0")

    assert not (await customer.lines("fault:cut=100")).endswith(b"\n")
    tail = await customer.lines("fault:json_tail")
    assert tail.count(b"\n") == whole.count(b"\n")
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(tail.split(b"\n")[-1])


@pytest.mark.parametrize("fault", ["length_long", "chunk_cut", "reset_body", "reset"])
@pytest.mark.parametrize("compress", ["true", "false"])
async def test_a_broken_transfer_breaks_the_client_once(customer: Any, fault: str, compress: str) -> None:
    snapshot_id = await customer.buy(f"ready_after:0,records:3000,fault:snapshot.{fault}@1")

    with pytest.raises(aiohttp.ClientError):
        await customer.get(f"/snapshot/{snapshot_id}", compress=compress)
    assert (await customer.get(f"/snapshot/{snapshot_id}", compress=compress)).status == 200


async def test_two_lengths_are_no_http(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:length_twice@1")

    with pytest.raises(aiohttp.ClientError):
        await customer.get(f"/snapshot/{snapshot_id}")


async def test_a_close_delimited_cut_no_client_notices(customer: Any) -> None:
    assert not (await customer.lines("fault:close_cut=0.7")).endswith(b"\n")


async def test_a_length_is_too_short_on_the_wire(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:length_short=5")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(customer.url.rpartition(":")[2]))
    writer.write(f"GET /datasets/v3/snapshot/{snapshot_id} HTTP/1.1\r\nHost: x\r\n".encode())
    writer.write(b"Authorization: Bearer x\r\n\r\n")

    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()

    assert f"Content-Length: {len(body) - 5}".encode() in head
    assert body.endswith(b"\n")


async def test_a_dripping_body_takes_its_time(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:drip=20")
    url = f"{customer.url}/datasets/v3/snapshot/{snapshot_id}"

    async with customer.http.get(url, headers=customer.headers) as answer:
        seen = [await answer.content.readany() for _ in range(3)]

    assert [len(piece) for piece in seen] == [2, 2, 2]


async def test_headers_never_end(customer: Any) -> None:
    snapshot_id = await customer.buy("ready_after:0,fault:slow_headers")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await customer.get(f"/progress/{snapshot_id}")

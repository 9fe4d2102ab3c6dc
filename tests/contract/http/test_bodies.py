"""Bodies: too large, too slow, or just right."""

import asyncio
import contextlib
import io
import time
import tracemalloc

import pytest

from tests.contract.http.house import answer, house

LIMIT = 1 << 20
CHUNK = 64 * 1024


@pytest.mark.parametrize("path", ["/raw", "/parsed", "/deaf"])
@pytest.mark.parametrize("length", [LIMIT + 1, 10**18])
async def test_a_body_that_promises_to_be_too_large_is_refused_before_it_comes(path: str, length: int) -> None:
    async with house() as at, at.line() as (reader, writer):
        writer.write(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n".encode())
        status, headers, body = await answer(reader)

    assert (status, headers["content-type"], body["code"]) == (413, "application/problem+json", "PAYLOAD_TOO_LARGE")
    assert body["instance"] == path


@pytest.mark.parametrize("path", ["/raw", "/parsed"])
async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(path: str) -> None:
    sent = 0
    async with house() as at, at.line() as (reader, writer):
        writer.write(f"POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n".encode())
        writer.write(b"Content-Type: application/json\r\n\r\n")
        answering = asyncio.create_task(answer(reader))
        tracemalloc.start()
        while not answering.done() and sent < 64 * LIMIT:
            writer.write(f"{CHUNK:x}\r\n".encode() + b"x" * CHUNK + b"\r\n")
            await writer.drain()
            sent += CHUNK
            await asyncio.sleep(0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        status, headers, body = await answering

    assert (status, body["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert headers["content-type"] == "application/problem+json"
    assert sent < 16 * LIMIT
    assert peak < 8 * LIMIT
    assert at.bodies == []


@pytest.mark.parametrize(("size", "status"), [(0, 200), (LIMIT, 200), (LIMIT + 1, 413)])
async def test_the_limit_is_one_mebibyte_to_the_byte(size: int, status: int) -> None:
    async def blocks(size: int) -> object:
        yield b"x" * (size // 2)
        yield b"x" * (size - size // 2)

    async with house() as at:
        with_length, _, _ = await at.ask("POST", "/raw", data=io.BytesIO(b"x" * size))
        without, _, _ = await at.ask("POST", "/raw", data=blocks(size))

    assert (with_length, without) == (status, status)


async def test_after_a_refusal_the_connection_can_be_used_again() -> None:
    async with house() as at, at.line() as (reader, writer):
        writer.write(f"POST /raw HTTP/1.1\r\nHost: h\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
        first, _, _ = await answer(reader)
        writer.write(b"x" * (LIMIT + 1))
        writer.write(b"POST /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")
        second, _, body = await answer(reader)

    assert (first, second, body) == (413, 200, {"size": 2})


@pytest.mark.parametrize("path", ["/raw", "/parsed"])
async def test_a_body_that_drips_is_refused_when_its_time_is_over(path: str) -> None:
    async with house(body_seconds=0.5) as at, at.line() as (reader, writer):
        writer.write(f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n".encode())
        answering = asyncio.create_task(answer(reader))
        began = time.monotonic()
        while not answering.done():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        status, headers, body = await answering
        with contextlib.suppress(ConnectionResetError):  # the server did not want to hear the last drop
            assert await asyncio.wait_for(reader.read(), 5) == b""

    assert (status, body["code"], headers["connection"]) == (408, "REQUEST_TIMEOUT", "close")
    assert 0.4 < time.monotonic() - began < 5


async def test_only_the_body_has_a_deadline() -> None:
    async with house(body_seconds=0.3) as at, at.session.get(f"http://127.0.0.1:{at.port}/slow") as answered:
        assert await answered.read() == b"xxxx"


async def test_a_body_that_is_fast_enough_is_read_whole() -> None:
    async with house(body_seconds=5) as at, at.line() as (reader, writer):
        writer.write(b"POST /raw HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)
        status, _, body = await answer(reader)

    assert (status, body) == (200, {"size": 10})


async def test_a_path_may_take_more_than_others_and_says_how_much() -> None:
    more = b" " * (2 << 20)
    async with house(body_limits={"/raw": 3 << 20}) as made:
        assert (await made.ask("POST", "/raw", data=io.BytesIO(more)))[0] == 200
        status, problem, _ = await made.ask("POST", "/raw", data=io.BytesIO(more * 2))
        refused, other, _ = await made.ask("POST", "/parsed", data=io.BytesIO(more))

    assert (status, problem["limit"]) == (413, 3 << 20)
    assert (refused, other["limit"]) == (413, 1 << 20)

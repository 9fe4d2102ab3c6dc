"""Uploads: streamed, bounded, named as they may be, and gone without a trace where they are refused."""

import asyncio
import io
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.data_sources.built_in import files_of
from services.intake.files.filename import shown_name
from tests.flow.intake.importing import Desk, importing

BLOCK = b"x" * 65_536
PATH = f"/api/v1/data-sources/{files_of('default')}/files"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


@pytest.fixture
async def small(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Takes a thousand bytes, within a second."""
    async with importing(
        database_dsn, tmp_path, uploads={"limit": 200_000, "seconds": 1.0}, max_upload_bytes=1_000
    ) as made:
        yield made


async def stored(desk: Desk) -> list[str]:
    return [name async for name in desk.runtime.lake.list("uploads/")]


async def jobs(desk: Desk) -> int:
    return int(await desk.runtime.database.pool.fetchval("SELECT count(*) FROM jobs"))


async def sent(desk: Desk, body: bytes, *, content_type: str = "multipart/form-data; boundary=b") -> tuple[int, str]:
    async with desk.session.post(desk.base + PATH, data=body, headers={"Content-Type": content_type}) as answer:
        return answer.status, (await answer.json())["code"]


def part(disposition: str, content: bytes = b"a,b\n1,2\n") -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"


async def test_a_large_file_is_never_whole_in_memory(desk: Desk) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(1_024):
            yield BLOCK

    tracemalloc.start()
    job_id = await desk.accepted(blocks(), "large.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (await desk.job(job_id))["payload"]["size_bytes"] == 1_024 * len(BLOCK)
    assert peak < 24 << 20


@pytest.mark.parametrize(("size", "status"), [(1_000, 202), (1_001, 413)])
async def test_the_limit_holds_to_the_byte(small: Desk, size: int, status: int) -> None:
    answered, body = await small.upload(b"x" * size)

    assert (answered, body.get("code")) == (status, None if status == 202 else "FILE_TOO_LARGE")
    assert len(await stored(small)) == (1 if status == 202 else 0)


async def test_a_body_over_all_limits_is_refused_by_its_length(small: Desk) -> None:
    status, body = await small.upload(b"x" * 300_000)

    assert (status, body["code"], await stored(small), await jobs(small)) == (413, "PAYLOAD_TOO_LARGE", [], 0)


async def test_a_file_that_drips_is_refused_when_its_time_is_over(small: Desk) -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    status, body = await small.upload(drops())

    assert (status, body["code"], await stored(small), await jobs(small)) == (408, "REQUEST_TIMEOUT", [], 0)


async def test_an_upload_that_breaks_off_leaves_nothing(desk: Desk) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(desk.base.rpartition(":")[2]))
    form = "Content-Type: multipart/form-data; boundary=b"
    head = f"POST {PATH} HTTP/1.1\r\nHost: h\r\n{form}\r\nContent-Length: 9999999\r\n\r\n"
    writer.write(head.encode() + part('name="file"; filename="a.csv"', BLOCK))
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()

    assert (await desk.upload(b"a,b\n1,2\n"))[0] == 202
    async with asyncio.timeout(10):
        while len(await stored(desk)) != 1:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.02)
    assert await jobs(desk) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"--b--\r\n", "no file"),
        (part('name="file"'), "a file that is only text"),
        (part('name="other"; filename="a.csv"') + b"--b--\r\n", "another field"),
        (part('name="file"; filename="a.csv"') * 2 + b"--b--\r\n", "two files"),
        (part('name="file"; filename="a.csv"'), "no end"),
        (b"nothing of the kind", "no form"),
        (part('name="supplier_id"', b"s") * 11 + b"--b--\r\n", "many parts"),
        (part('name="supplier_id"', b"s" * 70_000) + b"--b--\r\n", "a long field"),
        (part('name="surprise"', b"s") + part('name="file"; filename="a"') + b"--b--\r\n", "an unknown field"),
        (part('name="file"; filename="a"') + part('name="metadata"', b"[]") + b"--b--\r\n", "no object"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_what_is_no_upload_is_refused_and_leaves_nothing(desk: Desk, body: bytes, told: str) -> None:
    assert await sent(desk, body) == (400, "FORM_REFUSED"), told
    assert (await stored(desk), await jobs(desk)) == ([], 0)


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/csv"])
async def test_only_forms_are_taken(desk: Desk, content_type: str) -> None:
    assert await sent(desk, b"{}", content_type=content_type) == (400, "FORM_REFUSED")


async def test_metadata_is_kept_but_says_nothing_in_our_place(desk: Desk) -> None:
    _, body = await desk.upload(b"a,b\n1,2\n", metadata='{"season": "w", "dataset_id": "x", "filename": "y"}')

    assert body["job_metadata"] == {"season": "w", "filename": "rows.csv", "size_bytes": 8}


async def test_files_go_to_sources_of_files_only(desk: Desk) -> None:
    async def to(source: str) -> tuple[int, str]:
        path = f"{desk.base}/api/v1/data-sources/{source}/files"
        async with desk.session.post(path, data={"file": io.BytesIO(b"a")}) as answer:
            return answer.status, (await answer.json())["code"]

    async with desk.session.post(
        f"{desk.base}/api/v1/data-sources", json={"name": "w", "source_type": "website", "config": {}}
    ) as answer:
        website = (await answer.json())["id"]

    assert await to(website) == (409, "SOURCE_TAKES_NO_FILES")
    assert await to(str(files_of("other"))) == (404, "NOT_FOUND")
    assert await to("nonsense") == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("rows.csv", "rows.csv"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nSet-Cookie: x.csv", "aSet-Cookie: x.csv"),
        ("a\0b.csv", "ab.csv"),
        ("\u202excod.exe", "xcod.exe"),
        ("..", "file"),
        ("", "file"),
        ("CON", "CON"),
        (".htaccess", ".htaccess"),
        ("файл.csv", "файл.csv"),
        ("e\u0301.csv", "\u00e9.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("\U0001f600" * 100 + ".csv", "\U0001f600" * 49 + ".csv"),
    ],
)
def test_names_are_shown_without_what_could_mislead(given: str, shown: str) -> None:
    assert shown_name(given) == shown
    assert len(shown_name(given).encode()) <= 200

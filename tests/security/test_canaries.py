"""No secret leaves its place: after crawls, failures and pushes none stands in a log, a row, an object or an answer."""

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import rmtree
from urllib.parse import quote

import aiohttp
import pytest

from tests.e2e.conftest import Api, System, order

TOKEN = "CANARY-bright-data-token"
PASSWORD = "CANARY-password-7d1f"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: every starting pytest closes that to others, and under root that is PostgreSQL."""
    made = Path(tempfile.mkdtemp(prefix="headrace-canaries-"))
    made.chmod(0o755)
    yield made
    rmtree(made)


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    running = System(folder, BACKGROUND_LOG_LEVEL="DEBUG", HEADRACE_RETRY_BASE_SECONDS="0.1")
    running.start_provider()
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def api(system: System) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        await system.ready(http)
        yield Api(http, system)


def spellings(secret: str) -> list[bytes]:
    """A secret as it may stand somewhere: plain, in base64, in a URL, in hex."""
    plain = secret.encode()
    return [plain, base64.b64encode(plain).rstrip(b"="), quote(secret, safe="").encode(), plain.hex().encode()]


def found_in(folder: Path, secret: str) -> list[str]:
    """Files that hold a secret in any spelling; the provider's own journal is not ours."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "provider.jsonl"]
    return [
        str(file.relative_to(folder)) for file in files if any(spelling in body(file) for spelling in spellings(secret))
    ]


def body(file: Path) -> bytes:
    """What stands in a file; the system at work may have removed it meanwhile."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


async def test_no_secret_is_found_after_a_day_of_work(api: Api, folder: Path) -> None:
    good = await api.trigger("ready_after:0.1,records:5")
    broken = await api.trigger("ready_after:0.1,fault:snapshot.html")
    url_with_password = f"https://user:{PASSWORD}@example.com/"
    answer = await api.post("/api/v1/crawl/trigger", order(url=url_with_password))
    await asyncio.gather(api.ended(good), api.ended(broken))
    refused = await api.trigger("fault:trigger.401")  # last: the provider is left alone for a while then
    await api.ended(refused)
    told = [answer, *[await api.status(one) for one in (good, refused, broken)], await api.get("/api/v1/events")]

    assert answer[0] == 422
    for secret in (TOKEN, PASSWORD):
        assert found_in(folder, secret) == []
        assert not any(spelling in repr(told).encode() for spelling in spellings(secret))


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"Authorization: {base64.b64encode(TOKEN.encode()).decode()}")

    assert found_in(tmp_path, TOKEN) == ["log"]

"""What a caller's connection may count on."""

import asyncio
from urllib.parse import urlsplit

from tests.e2e.conftest import Api

IDLE_SECONDS = 6.5  # servers that hang up on idle callers mostly do so after five


async def test_a_connection_that_was_idle_still_takes_a_request(api: Api) -> None:
    at = urlsplit(api.system.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    request = f"GET /livez HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()

    answers = []
    for idle in (0.0, IDLE_SECONDS):
        await asyncio.sleep(idle)
        writer.write(request)
        await writer.drain()
        answers.append(await reader.readline())
        await reader.readuntil(b"}")
    writer.close()

    assert answers == [b"HTTP/1.1 200 OK\r\n"] * 2

"""A rough way to the emulator: answers get lost, bytes change, and the service refuses."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

Trouble = Callable[[web.Request], str]
"""What happens to a request: nothing (""), ``lose`` its answer, ``damage`` it, ``damage answer``, or a status.

With 308 the service says that it took a hundred bytes.
"""

_OF_A_CONNECTION = {"connection", "host", "transfer-encoding", "content-length", "location"}


@asynccontextmanager
async def rough(upstream: str, trouble: Trouble) -> AsyncIterator[str]:
    """The URL of the way; resumable uploads go on by it, too."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            what, body = trouble(request), await request.read()
            if what == "308":
                return web.Response(status=308, headers={"Range": "bytes=0-99"})
            if what.isdecimal():
                return web.json_response({"error": {"code": int(what), "message": "as planned"}}, status=int(what))
            body = _damaged(body) if what == "damage" else body
            url = URL(upstream + request.raw_path, encoded=True)
            async with session.request(request.method, url, data=body, headers=_kept(request.headers)) as found:
                content, headers = await found.read(), _kept(found.headers)
            if what == "lose" and request.transport:
                request.transport.close()
            if "Location" in found.headers:
                headers["Location"] = found.headers["Location"].replace(upstream, f"http://{request.host}")
            content = _damaged(content) if what == "damage answer" else content
            return web.Response(status=found.status, body=content, headers=headers)

        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def once(matches: Callable[[web.Request], bool], what: str) -> Trouble:
    """The first request that matches meets it."""
    left = [what]
    return lambda request: left.pop() if left and matches(request) else ""


def upload(request: web.Request) -> bool:
    """Whether it carries an object's bytes."""
    asks_for_an_address = request.method == "POST" and request.query.get("uploadType") == "resumable"
    return request.path.startswith("/upload/") and not asks_for_an_address


def naming(request: web.Request) -> bool:
    return request.path.endswith("/compose")


def download(request: web.Request) -> bool:
    return request.query.get("alt") == "media"


def _damaged(body: bytes) -> bytes:
    where = len(body) // 2
    return body[:where] + bytes([body[where] ^ 1]) + body[where + 1 :]


def _kept(headers: object) -> CIMultiDict[str]:
    pairs = headers.items()  # type: ignore[attr-defined]  # any mapping of headers
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in _OF_A_CONNECTION)

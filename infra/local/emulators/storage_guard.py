"""``python -m infra.local.emulators.storage_guard --port PORT --upstream URL``: makes fake-gcs-server keep conditions.

By itself it forgets ``ifGenerationMatch`` where an upload is resumable and where nothing is uploaded, so that of two
writers who both said "only if it is new" both win. Everything goes through here; what writes an object does so one at
a time, and only if its condition holds. Start fake-gcs-server with ``-external-url`` and ``-public-host`` set to the
guard's address: it is asked under that name, and so the addresses it gives out lead here.
"""

import argparse
import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

_UPLOAD = re.compile(r"(?:/resumable)?/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)(?:/compose)?")
_COMPOSE = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o/[^/]+/compose")
_COPY = re.compile(r"/storage/v1/b/[^/]+/o/[^/]+/(?:rewriteTo|copyTo)/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)")
_CONDITION = "ifGenerationMatch"
_OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The object a request is for, as paths name it, and the generation it must have; 0 is none.

    What only asks for an object, or changes it, is no matter of conditions where there is none.
    """

    bucket: str
    name: str
    generation: str | None
    made: bool = True


@dataclass
class Guard:
    """Handles all requests. A resumable upload is known by its id until its last piece."""

    upstream: URL
    session: aiohttp.ClientSession
    uploads: dict[str, Target] = field(default_factory=dict)
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as Cloud Storage would."""
        if request.method in {"GET", "HEAD"}:
            refused = await self._refused(_target(request, {}))
            return refused or await self._forward(request, None)
        body = await request.read()
        if request.headers.get("Content-Range", "").endswith("/*"):
            return await self._forward(request, body)  # more pieces follow: nothing is written yet
        async with self.writing:
            return await self._write(request, body)

    async def _write(self, request: web.Request, body: bytes) -> web.StreamResponse:
        upload_id, content = request.query.get("upload_id"), _json(body)
        target = self.uploads.pop(upload_id, None) if upload_id else _target(request, content)
        refused = await self._refused(target) or await self._refused_parts(request, content)
        if refused:
            return refused
        answer = await self._forward(request, body)
        if target and not upload_id and "Location" in answer.headers:
            self.uploads[URL(answer.headers["Location"]).query["upload_id"]] = target
        return answer

    async def _refused_parts(self, request: web.Request, content: dict[str, Any]) -> web.Response | None:
        for part in _parts(request, content):
            if await self._generation(part.bucket, part.name) == "0":
                return _refusal(404, "A source object does not exist.")
            if refused := await self._refused(part):
                return refused
        return None

    async def _refused(self, target: Target | None) -> web.Response | None:
        if target is None or target.generation is None:
            return None
        there = await self._generation(target.bucket, target.name)
        if there == target.generation or (there == "0" and not target.made):
            return None
        return _refusal(412, "At least one of the pre-conditions you specified did not hold.")

    async def _generation(self, bucket: str, name: str) -> str:
        address = self.upstream.with_path(f"/storage/v1/b/{bucket}/o/{name}", encoded=True)
        async with self.session.get(address) as answer:
            return str((await answer.json())["generation"]) if answer.ok else "0"

    async def _forward(self, request: web.Request, body: bytes | None) -> web.StreamResponse:
        address = URL(f"{str(self.upstream).rstrip('/')}{request.raw_path}", encoded=True)
        headers = _kept(request.headers)
        async with self.session.request(
            request.method, address, data=body, headers=headers, allow_redirects=False
        ) as found:
            answer = web.StreamResponse(status=found.status, reason=found.reason, headers=_kept(found.headers))
            await answer.prepare(request)
            async for block in found.content.iter_any():
                await answer.write(block)
            await answer.write_eof()
        return answer


@asynccontextmanager
async def guarding(upstream: str, *, port: int = 0) -> AsyncIterator[str]:
    """A guard of the emulator at ``upstream``, on loopback; its URL."""
    async with aiohttp.ClientSession(
        auto_decompress=False, skip_auto_headers=("Accept-Encoding", "Content-Type", "User-Agent")
    ) as session:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", Guard(URL(upstream), session).handle)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _target(request: web.Request, content: dict[str, Any]) -> Target | None:
    path, generation = request.rel_url.raw_path, request.query.get(_CONDITION)
    if found := _COPY.fullmatch(path) or _OBJECT.fullmatch(path):
        made = request.method == "POST"
        return Target(bucket=found["bucket"], name=found["name"], generation=generation, made=made)
    name = request.query.get("name") or content.get("name")
    if (found := _UPLOAD.fullmatch(path)) and name:
        return Target(bucket=found["bucket"], name=_quoted(name), generation=generation)
    return None


def _parts(request: web.Request, content: dict[str, Any]) -> Iterator[Target]:
    if found := _COMPOSE.fullmatch(request.rel_url.raw_path):
        for part in content.get("sourceObjects", []):
            wanted = part.get("objectPreconditions", {}).get(_CONDITION)
            generation = None if wanted is None else str(wanted)
            yield Target(bucket=found["bucket"], name=_quoted(part["name"]), generation=generation)


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}  # the bytes of an object
    return found if isinstance(found, dict) else {}


def _kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _OF_A_CONNECTION)


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"code": status, "message": message}}, status=status)


async def _serve(upstream: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with guarding(upstream, port=port):
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="storage_guard", description="Stands before fake-gcs-server.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="URL of fake-gcs-server")
    given = parser.parse_args()
    asyncio.run(_serve(given.upstream, given.port))

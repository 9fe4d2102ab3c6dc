"""Another team's endpoint on the loopback."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.contract.bus import rig

Serve = Callable[["Endpoint"], Awaitable[str]]


class Endpoint:
    """Another team's service: keeps what it gets, answers what it is told to, in turn, then 204."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.inside = 0
        self.most = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.inside += 1
        self.most = max(self.most, self.inside)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.put_nowait(({**headers, ":method": request.method, ":path": request.path_qs}, body))
        await self.open.wait()
        self.inside -= 1
        status = self.answers.pop(0) if self.answers else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status in {302, 307} else {})

    async def next(self) -> tuple[dict[str, str], bytes]:
        return await asyncio.wait_for(self.got.get(), rig.PATIENCE)

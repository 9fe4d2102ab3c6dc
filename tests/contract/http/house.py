"""A face with a route for every kind of trouble, served over a real socket."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from infra.local.protocol import Protocol
from infra.runtime.http.app import create_app
from schemas.problem import Problem, ProblemClass
from tests.gates import OpenGate

PATIENCE = 10.0
RANSOM = "hunter2 in the traceback"
OURS = frozenset({"/parsed", "/raw", "/deaf", "/trouble", "/half", "/slow"})


class Full(Problem):
    code = "FULL"
    kind = ProblemClass.RETRY
    status = 409
    title = "No room"
    recovery = "Come back later."


class Order(BaseModel):
    url: str
    count: int = Field(ge=1)


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test run keeps its signals."""
        yield


@dataclass
class House:
    """The served face, what its routes saw, and how to reach it."""

    port: int = 0
    session: aiohttp.ClientSession = field(default=None)  # type: ignore[assignment]  # set when it is open
    bodies: list[int] = field(default_factory=list)
    trouble: Exception | None = None

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any], Any]:
        """Status, body and headers of an answer."""
        async with self.session.request(method, f"http://127.0.0.1:{self.port}{path}", **more) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A bare connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        yield reader, writer
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def routes(self) -> APIRouter:
        made = APIRouter()
        self._take(made)
        self._give(made)
        return made

    def _take(self, made: APIRouter) -> None:

        @made.post("/parsed")
        async def parsed(order: Order) -> dict[str, Any]:
            return order.model_dump()

        @made.post("/raw")
        async def raw(request: Request) -> dict[str, int]:
            body = await request.body()
            self.bodies.append(len(body))
            return {"size": len(body)}

        @made.post("/deaf")
        async def deaf() -> dict[str, str]:
            """Answers without reading the body."""
            return {"status": "ok"}

    def _give(self, made: APIRouter) -> None:
        @made.get("/trouble")
        async def trouble() -> None:
            assert self.trouble is not None
            raise self.trouble

        @made.get("/half")
        async def half() -> Response:
            async def blocks() -> AsyncIterator[bytes]:
                yield b"x" * 1000
                raise RuntimeError(RANSOM)

            return StreamingResponse(blocks())

        @made.get("/slow")
        async def slow() -> Response:
            async def blocks() -> AsyncIterator[bytes]:
                for _ in range(4):
                    yield b"x"
                    await asyncio.sleep(0.2)

            return StreamingResponse(blocks())

    async def ready(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """An app on a port of this machine."""
    # only of sockets that name TCP does asyncio send small answers at once; others wait 40 ms for the caller's ACK
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=Protocol, log_config=None, proxy_headers=False, timeout_graceful_shutdown=1)
        server = Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(PATIENCE):
            while not server.started:  # noqa: ASYNC110  # uvicorn sets no event
                await asyncio.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@contextlib.asynccontextmanager
async def house(**changes: Any) -> AsyncIterator[House]:
    """A served house."""
    made = House()
    app = create_app(
        title="house", gate=OpenGate(), routers=[made.routes()], public=OURS, ready=[made.ready], **changes
    )
    async with serving(app) as made.port, aiohttp.ClientSession() as made.session:
        yield made


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], dict[str, Any]]:
    """One HTTP answer off a bare connection: status, headers, JSON."""
    # in one piece: when the other side has hung up already, nothing can be read after the first piece
    said = await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE)
    head, body = said.decode().split("\r\n\r\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)


PASSING = [
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.TooManyConnectionsError("full"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.LockNotAvailableError("lock timeout"),
]

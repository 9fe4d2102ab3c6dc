"""The whole system: faces, functions, tick and simulators in one process, and workers beside it while jobs wait."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
import uvicorn

from infra.local.data_dir import prepare
from infra.local.emulated import emulated
from infra.local.protocol import Protocol
from infra.local.workers import workers
from infra.runtime import garbage
from infra.runtime.configuration.settings import Settings
from infra.runtime.configuration.stand_in import STAND_INS, stood_in
from infra.runtime.functions import topology
from infra.runtime.functions.serving import chosen, serving
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime, open_runtime
from schemas.problem import Problem

KEEP_ALIVE_SECONDS = 620  # longer than clients keep a connection: load balancers of Google 600 s, programs mostly 90 s

log = structlog.get_logger()


class PortTaken(Problem):
    """Somebody listens there already."""

    code: ClassVar[str] = "PORT_TAKEN"
    title: ClassVar[str] = "The port is taken"
    recovery: ClassVar[str] = (
        "Stop what listens there, perhaps another `headrace up`, or choose another port with HEADRACE_PORT."
    )


class OpenToTheWorld(Problem):
    """Authentication is off and the address is not loopback."""

    code: ClassVar[str] = "AUTH_OFF"
    title: ClassVar[str] = "Authentication is off, so only this machine may be served"
    recovery: ClassVar[str] = "Set HEADRACE_AUTH to on, or HEADRACE_HOST to 127.0.0.1."


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running system."""

    url: str
    runtime: Runtime
    addresses: dict[str, str]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Stack]:
    """The system, ready to be used inside the block and cleanly stopped after it.

    Raises ``PortTaken``, ``OpenToTheWorld``, ``DataDirRefused`` and what ``emulated`` and ``open_runtime`` raise.
    """
    loopback_only(settings)
    listener = listen(settings)
    url = f"http://{settings.host}:{listener.getsockname()[1]}"
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        prepare(settings.data_dir)
        garbage.collect_seldom()
        settings, places = await stack.enter_async_context(emulated(settings))
        settings, simulators = await _simulators(settings, stack)
        runtime = await stack.enter_async_context(open_runtime(settings, migrate=True))
        if simulators and runtime.public_url is None:
            runtime.public_url = url  # simulators run here, so they reach us
        crew = await workers(runtime)
        stack.push_async_callback(crew.ended)
        functions = chosen()
        await stack.enter_async_context(serving(runtime, functions))
        await stack.enter_async_context(_faces(runtime, listener))
        await stack.enter_async_context(crew.watching())  # told to go first, waited for last: all stop together
        addresses = {"API": f"{url}/docs", "events": f"{url}/api/v1/events/stream", **simulators, **places}
        log.info("stack is up", url=url, functions=functions)
        yield Stack(url=url, runtime=runtime, addresses=addresses)


def loopback_only(settings: Settings) -> None:
    """Raises ``OpenToTheWorld`` for a host that others could reach, while nobody has to say who they are."""
    if settings.auth == "off" and not settings.on_loopback:
        raise OpenToTheWorld(f"HEADRACE_HOST is {settings.host}")


def listen(settings: Settings) -> socket.socket:
    """The socket of every face. Raises ``PortTaken``."""
    listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise PortTaken(f"{settings.host}:{settings.port}: {error.strerror}") from error
    return listener


async def _simulators(settings: Settings, stack: AsyncExitStack) -> tuple[Settings, dict[str, str]]:
    if not (names := stood_in(settings)):
        return settings, {}
    from infra.local.stand_ins import stand_in  # noqa: PLC0415  # only where one stands in

    folder = settings.data_dir / "simulators"
    urls = {name: await stack.enter_async_context(stand_in(name, folder)) for name in names}
    told = {f"{name.replace('_', ' ').title()} (simulator)": url for name, url in urls.items()}
    return settings.but(**{STAND_INS[name][0]: url for name, url in urls.items()}), told


@asynccontextmanager
async def _faces(runtime: Runtime, listener: socket.socket) -> AsyncIterator[None]:
    app = faces(runtime, topology.generated()["services"])
    server = _Server(
        uvicorn.Config(
            app,
            http=Protocol,
            log_config=None,
            proxy_headers=False,  # HEADRACE_TRUSTED_PROXIES says whom to believe
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
            lifespan="on",
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                await serving
                raise PortTaken
            await asyncio.sleep(0.01)
        yield
    finally:
        runtime.stopping.set()  # streams end first: the server waits for them
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves signals to the stack: it must stop in the right order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """No handlers."""
        yield

"""The faces of services as web applications: several under one origin, or one as it deploys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.runtime import garbage
from infra.runtime.configuration.settings import read_settings
from infra.runtime.functions import topology
from infra.runtime.functions.ending import Go, before_ending, leave
from infra.runtime.runtime import Runtime, open_runtime
from infra.runtime.telemetry import logging
from schemas.problem import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from infra.runtime.telemetry.metrics import Metrics

log = structlog.get_logger()

FORM_BYTES = 1 << 20  # what a form may have beside its file
SETTLE_SECONDS = 1.0  # what an answer waits for doorbells at most: a lost one costs a tick
END_SECONDS = 7.0  # from the signal on: five are the answers' that are under way, the rest is for closing


def faces(runtime: Runtime, services: Sequence[str]) -> "FastAPI":
    """The faces of these services under one origin."""
    from infra.runtime.auth.choose import gate  # noqa: PLC0415  # loaded where faces are made
    from infra.runtime.http.app import create_app  # noqa: PLC0415  # see above
    from infra.runtime.http.guard import Uploads  # noqa: PLC0415  # see above

    found = [topology.face(name) for name in services]
    return create_app(
        title="Headrace",
        gate=gate(runtime),
        routers=[face.router(runtime) for face in found],
        public={path for face in found for path in getattr(face, "PUBLIC", ())},
        ready=[runtime.database.ping],
        body_seconds=runtime.settings.body_seconds,
        body_limits={path: limit for face in found for path, limit in getattr(face, "BODY_LIMITS", {}).items()},
        uploads=Uploads(
            [path for face in found for path in getattr(face, "UPLOADS", ())],
            limit=runtime.settings.max_upload_bytes + FORM_BYTES,
            seconds=runtime.settings.upload_seconds,
        ),
        rate_limit=runtime.settings.rate_limit,
        metrics=_metrics(runtime),
        lifespan=_lifespan([face.lifespan for face in found], runtime),
    )


class Service:
    """One service's face as it deploys: ``uvicorn services.<name>.main:app``.

    What it has at hand is opened when the server starts, which fails with a line that says why, and closed at its end.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._app: ASGIApp | None = None
        self._runtime: Runtime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app is not None and self._runtime is not None:
            await self._app(scope, receive, _rung_first(scope, send, self._runtime))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self._opened():
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
        except Problem as problem:
            said = f"{problem.title}: {problem.detail}. {problem.recovery}"
            await send({"type": f"lifespan.{phase}.failed", "message": said})
        except Exception:
            # unless it is told, the server goes on without us
            log.exception("unexpected error", service=self._name, phase=phase)
            await send({"type": f"lifespan.{phase}.failed", "message": "An unexpected error; it was logged."})

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        settings = read_settings()
        logging.set_up(settings.log_level, project=settings.google_cloud_project)
        garbage.collect_seldom()
        before_ending(self._end)
        async with open_runtime(settings) as runtime:
            app = faces(runtime, [self._name])
            self._app, self._runtime = app, runtime
            async with app.router.lifespan_context(app):
                yield

    def _end(self, go: Go) -> None:
        leave(END_SECONDS)  # what Google does not answer cannot be stopped, also while it opens
        if self._runtime is not None:
            self._runtime.stopping.set()  # streams end first: the server waits for them
        go()


def _rung_first(scope: Scope, send: Send, runtime: Runtime) -> Send:
    """After the answer the processor may be taken away, and with it the doorbell of what was asked for."""
    if runtime.doorbell.carry is None or scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
        return send

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(runtime.doorbell.settle(), SETTLE_SECONDS)
        await send(message)

    return sent


def _metrics(runtime: Runtime) -> "Metrics | None":
    from infra.runtime.http.measured import measures  # noqa: PLC0415  # see above

    if not measures(runtime.settings):
        return None
    from infra.runtime.telemetry.metrics import metrics  # noqa: PLC0415  # it takes a while to load

    return runtime.once(metrics)


def _lifespan(parts: list[Callable[[Runtime], Any]], runtime: Runtime) -> Callable[["FastAPI"], Any]:
    @asynccontextmanager
    async def lifespan(_: "FastAPI") -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(part(runtime))
            yield

    return lifespan

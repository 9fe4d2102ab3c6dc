"""Functions as they deploy: one process each, served by ``functions-framework --asgi --source functions/X.py``.

Any POST to a function that looks for work is a doorbell, whatever it holds; to one that subscribes, events are POSTed
as CloudEvents in HTTP binary mode. An answer of 204 acknowledges; after any other the same comes again.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Protocol, cast
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.postgres.away import answering
from infra.runtime import garbage
from infra.runtime.auth.unverified import refuse_unverified
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.settings import read_settings
from infra.runtime.events.pushed import receive
from infra.runtime.functions.function import Function, Rung, Subscribing
from infra.runtime.functions.instance import Instance
from infra.runtime.functions.rounds import Rounds
from infra.runtime.http.guard import Unexpected
from infra.runtime.http.problem_json import problem_response
from infra.runtime.runtime import Runtime, open_runtime
from infra.runtime.telemetry import logging, trace, tracing
from schemas.problem import Problem

WORK_SECONDS = 540.0  # a push that is not answered within ten minutes comes again

log = structlog.get_logger()


class NotAPush(Problem):
    """Functions take pushes only."""

    code: ClassVar[str] = "NOT_A_PUSH"
    status: ClassVar[int] = 405
    title: ClassVar[str] = "A function takes POST only"
    recovery: ClassVar[str] = "POST it an event or a doorbell, or GET /livez or /readyz."


class Entry(Protocol):
    """What functions-framework calls, and in it the ``function`` that other processes serve."""

    function: Any

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""


def deployed(function: Function) -> Entry:
    """The entry point of a function's file: a plain function, because functions-framework takes nothing else."""
    process = _Process(function)

    async def main(request: Request) -> Response:
        return await process.answer(request)

    vars(main)["function"] = function
    return cast("Entry", main)


class _Process:
    def __init__(self, function: Function) -> None:
        self._function = function
        self._instance = Instance(_open)

    async def answer(self, request: Request) -> Response:
        if request.url.path == "/livez":
            return _alive()
        given = trace.valid(request.headers.get("ce-traceparent") or request.headers.get("traceparent"))
        try:
            with self._instance, answering(), tracing.span("push", kind="consumer", parent=given):
                return await self._answered(request, await self._instance.runtime())
        except Problem as problem:
            log.warning("push not taken", code=problem.code, detail=problem.detail)
            return problem_response(problem, instance=request.url.path)
        except Exception:
            log.exception("unexpected error", path=request.url.path)
            return problem_response(Unexpected("An unexpected error; it was logged."), instance=request.url.path)

    async def _answered(self, request: Request, runtime: Runtime) -> Response:
        if request.url.path == "/readyz":
            await runtime.database.ping()
            return JSONResponse({"status": "ok"})
        if request.method != "POST":
            raise NotAPush
        if runtime.settings.push_account is None:
            refuse_unverified(request.scope, environment=os.environ)
        else:
            await _look_at(request, runtime)
        if isinstance(self._function, Rung):
            await runtime.once(self._rounds).ring()
        elif isinstance(self._function, Subscribing):
            await receive(runtime.once(self._function.build), request.headers, await request.body(), runtime=runtime)
        # what commits left to do is done first: the processor may be taken away with the answer
        await runtime.relay.settle()
        await runtime.doorbell.settle()
        return Response(status_code=204)

    def _rounds(self, runtime: Runtime) -> Rounds:
        function = cast("Rung", self._function)
        return Rounds(
            lambda stop: function.work(runtime, stop),
            stop=self._instance.stop,
            seconds=WORK_SECONDS,
            left=lambda: runtime.doorbell.ring(*function.rung_by),
        )


def _alive() -> Response:
    try:
        settings = placed(read_settings())  # so the platform starts nothing that no push could be given to
        if settings.push_account is not None:
            from infra.runtime.auth.choose import require_audience  # noqa: PLC0415  # it takes a while to load

            require_audience(settings)
    except Problem as problem:
        log.warning("function cannot work", code=problem.code, detail=problem.detail)
        return problem_response(problem, instance="/livez")
    return JSONResponse({"status": "ok"})


async def _look_at(request: Request, runtime: Runtime) -> None:
    from infra.runtime.auth.choose import push_gate  # noqa: PLC0415  # it takes a while to load

    if (gate := runtime.once(push_gate)) is not None:
        await gate.check(request.headers.get("authorization"))


@asynccontextmanager
async def _open() -> AsyncIterator[Runtime]:
    settings = read_settings()
    logging.set_up(settings.log_level, project=settings.google_cloud_project)
    garbage.collect_seldom()
    # in the cloud every instance has the same host name and process id
    name = f"{os.environ.get('K_SERVICE', 'function')}-{uuid4().hex[:12]}"
    async with open_runtime(settings, name=name) as runtime:
        yield runtime

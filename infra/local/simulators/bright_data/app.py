"""The web application, and how to run it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from infra.local.simulators.bright_data import admin, calls
from infra.local.simulators.bright_data.answers import Refusal, say
from infra.local.simulators.bright_data.ledger import Ledger
from infra.local.simulators.bright_data.notify import NOTIFIER, Notifier
from infra.local.simulators.bright_data.script import parse
from infra.local.simulators.bright_data.simulator import Simulator
from infra.local.simulators.scripted import ScriptInvalid
from infra.local.simulators.serving import Server, started

_ROOT = "/datasets/v3"
_LARGEST_ORDER = 1 << 30  # bytes
_UNKNOWN = (401, "Auth method is not supported")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _refused(request: web.Request) -> Refusal | None:
    simulator, given = request.app[calls.SIMULATOR], request.headers.get("Authorization")
    if request.remote in simulator.ledger.blocked():
        return Refusal(403, "Your IP is blocked because of too many rejected requests, please contact support")
    if given is None:
        return Refusal(401, "Credentials are missing")
    scheme, _, token = given.partition(" ")
    if scheme.lower() == "basic":
        return Refusal(401, "Basic auth is not allowed")
    known = token.strip() if simulator.token is None else simulator.token
    return None if scheme.lower() == "bearer" and known and token.strip() == known else Refusal(*_UNKNOWN)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith(_ROOT) and (refused := _refused(request)) is not None:
        return refused.answer()
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except ScriptInvalid as problem:
        return say(problem.status, f"{problem.detail}. {problem.recovery}")


def _routes(app: web.Application) -> None:
    one, named = _ROOT + "/snapshot/{id}", calls.about
    app.router.add_post(_ROOT + "/trigger", calls.trigger)
    app.router.add_get(_ROOT + "/snapshots", calls.listing)
    app.router.add_get(_ROOT + "/progress/{id}", named("progress", calls.progress))
    app.router.add_get(_ROOT + "/log/{id}", named("log", calls.log, missing={"error": "Snapshot not found"}))
    app.router.add_get(one, named("snapshot", calls.download))
    app.router.add_get(one + "/parts", named("parts", calls.parts))
    app.router.add_get(one + "/input", named("input", calls.inputs))
    app.router.add_post(one + "/cancel", named("cancel", calls.cancel))
    app.router.add_post(one + "/rerun", named("rerun", calls.rerun))
    app.router.add_get("/simulator/ledger", admin.account)
    app.router.add_post("/simulator/script", admin.script)
    app.router.add_delete("/simulator/script", admin.unscript)
    app.router.add_post("/simulator/unblock", admin.unblock)


def create_app(
    *,
    state_file: Path | None = None,
    sim: str = "",
    token: str | None = None,
    running_limit: int | None = None,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """A simulator to be run by aiohttp.

    ``sim`` applies to every purchase, ``token`` is the only bearer accepted (None: any), ``running_limit`` is how
    many unfinished snapshots a dataset may have, ``clock`` tells Unix seconds. Raises ``ScriptInvalid``.
    """
    parse(sim)
    ledger = Ledger(state_file)
    simulator = Simulator(ledger=ledger, clock=clock, sim=sim, token=token, running_limit=running_limit)
    notifier = Notifier(simulator)

    async def life(_: web.Application) -> AsyncIterator[None]:
        async with notifier.open():
            yield
        ledger.close()

    app = web.Application(middlewares=[_guard], client_max_size=_LARGEST_ORDER)
    app[calls.SIMULATOR], app[NOTIFIER] = simulator, notifier
    app.cleanup_ctx.append(life)
    _routes(app)
    return app


async def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    state_file: Path | None = None,
    sim: str = "",
    token: str | None = None,
    running_limit: int | None = None,
    clock: Callable[[], float] = time.time,
) -> Server:
    """Run a simulator in this event loop; port 0 takes a free one. Arguments are those of ``create_app``."""
    app = create_app(state_file=state_file, sim=sim, token=token, running_limit=running_limit, clock=clock)
    return await started(app, host, port)

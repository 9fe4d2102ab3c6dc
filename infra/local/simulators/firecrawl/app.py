"""The web application, and how to run it."""

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web

from infra.local.simulators.firecrawl import calls
from infra.local.simulators.firecrawl.calls import SIMULATOR, Handler
from infra.local.simulators.firecrawl.ledger import Ledger
from infra.local.simulators.firecrawl.notify import NOTIFIER, Notifier
from infra.local.simulators.firecrawl.script import parse
from infra.local.simulators.firecrawl.simulator import Refusal, Simulator
from infra.local.simulators.scripted import ScriptInvalid
from infra.local.simulators.serving import Server, started

_LARGEST_ORDER = 32 << 20  # bytes


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and token and request.app[SIMULATOR].token in {None, token}
    if request.path.startswith("/v2/") and not known:
        return web.json_response({"success": False, "error": "Unauthorized: Invalid token"}, status=401)
    try:
        return await handler(request)
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    except ScriptInvalid as problem:
        return web.json_response({"error": f"{problem.detail}. {problem.recovery}"}, status=problem.status)


async def _account(request: web.Request) -> web.StreamResponse:
    return web.json_response(request.app[SIMULATOR].account())


async def _script(request: web.Request) -> web.StreamResponse:
    given, ledger = json.loads(await request.read()), request.app[SIMULATOR].ledger
    if not isinstance(given, dict) or given.get("id") not in ledger.jobs or not isinstance(given.get("sim"), str):
        raise Refusal(400, "fields are sim and the id of a job")
    parse(given["sim"])
    ledger.amend(given["id"], given["sim"])
    return web.json_response({"ok": True})


def _routes(app: web.Application) -> None:
    app.router.add_get("/v2/crawl/active", calls.active)
    app.router.add_get("/v2/team/credit-usage", calls.credits_left)
    for kind, path in calls.PATHS.items():
        app.router.add_post(path, calls.submit(kind))
        app.router.add_get(path + "/{id}", calls.about(kind, "status", calls.status))
        app.router.add_get(path + "/{id}/errors", calls.about(kind, "errors", calls.failures))
        app.router.add_delete(path + "/{id}", calls.about(kind, "cancel", calls.cancel))
    app.router.add_get("/simulator/ledger", _account)
    app.router.add_post("/simulator/script", _script)


def create_app(
    *,
    state_file: Path | None = None,
    sim: str = "",
    token: str | None = None,
    secret: str | None = None,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """A simulator to be run by aiohttp.

    ``sim`` applies to every purchase, ``token`` is the only bearer accepted (None: any), ``secret`` signs webhooks
    (None: they come unsigned), ``clock`` tells Unix seconds. Raises ``ScriptInvalid``.
    """
    parse(sim)
    ledger = Ledger(state_file)
    simulator = Simulator(ledger=ledger, clock=clock, sim=sim, token=token, secret=secret)
    notifier = Notifier(simulator)

    async def life(_: web.Application) -> AsyncIterator[None]:
        async with notifier.open():
            yield
        ledger.close()

    app = web.Application(middlewares=[_guard], client_max_size=_LARGEST_ORDER)
    app[SIMULATOR], app[NOTIFIER] = simulator, notifier
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
    secret: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Server:
    """Run a simulator in this event loop; port 0 takes a free one. Arguments are those of ``create_app``."""
    app = create_app(state_file=state_file, sim=sim, token=token, secret=secret, clock=clock)
    return await started(app, host, port)

"""Faults of an answer: refusals, nonsense, silence, and answers lost on their way back."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from infra.local.simulators.bright_data import answers, wire
from infra.local.simulators.bright_data.answers import say
from infra.local.simulators.bright_data.script import BODY_FAULTS, SUBMIT_FAULTS
from infra.local.simulators.bright_data.simulator import Simulator
from infra.local.simulators.scripted import Fault

_LOGIN_PAGE = "<!doctype html><html><head><title>Log in</title></head><body><form>Please log in</form></body></html>"
_CANNED: dict[str, tuple[int, str | dict[str, str]]] = {
    "401": (401, "Auth method is not supported"),
    "403": (403, "Forbidden"),
    "404": (404, answers.NO_SNAPSHOT),
    "410": (410, "Snapshot is expired"),
    "500": (500, "Internal server error"),
    "commit_500": (500, "Internal server error"),
    "502": (502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "503": (503, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"),
    "504": (504, "<html><body><h1>504 Gateway Time-out</h1></body></html>"),
    "429": (429, answers.TOO_MANY.format(running=100, limit=100)),
    "html": (200, _LOGIN_PAGE),
    "empty_body": (200, ""),
    "garbage": (200, '{"status":"rea'),
    "not_ready": (202, answers.NOT_READY),
    "building": (202, answers.BUILDING),
    "conflict": (409, answers.CONFLICT),
    "expired": (400, "Snapshot is expired"),
    "empty": (400, "Snapshot is empty"),
    "inputs_expired": (400, "Snapshot's inputs storage is expired and no longer available"),
}

Act = Callable[[Fault | None], Awaitable[web.StreamResponse]]


async def suffer(fault: Fault | None, request: web.Request, simulator: Simulator, act: Act) -> web.StreamResponse:
    """Answer a call by ``act``, unless the fault comes first, in between or after it."""
    if fault is None or fault.name in BODY_FAULTS:
        return await act(fault)
    if fault.name in SUBMIT_FAULTS:
        return await _lost(fault, request, act)
    if fault.name == "slow_headers":
        return await wire.endless_headers(request)
    if fault.name == "reset":
        return wire.reset(request)
    if fault.name == "redirect":
        return web.Response(status=307, headers={"Location": fault.argument or str(request.url)})
    return _canned(fault, request, simulator)


async def _lost(fault: Fault, request: web.Request, act: Act) -> web.StreamResponse:
    """The call is served; its answer comes late, not at all, or as an error."""
    if fault.name == "hang":
        await asyncio.sleep(fault.number(10))
        return await act(None)
    await act(None)
    return wire.hang_up(request) if fault.name == "drop" else _said("commit_500")


def _said(name: str, retry_after: str | None = None) -> web.Response:
    return say(*_CANNED[name], retry_after=retry_after)


def _canned(fault: Fault, request: web.Request, simulator: Simulator) -> web.Response:
    now = simulator.clock()
    if fault.name == "429":
        simulator.ledger.refuse(request.remote or "", now)
    return _said(fault.name, answers.retry_after(fault.argument, now))

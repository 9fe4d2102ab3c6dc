"""The simulator's own calls, which no provider has: scripting, the ledger, lifting a block."""

import json

from aiohttp import web

from infra.local.simulators.bright_data.answers import Refusal, say
from infra.local.simulators.bright_data.calls import SIMULATOR
from infra.local.simulators.bright_data.notify import NOTIFIER
from infra.local.simulators.bright_data.script import parse

_FIELDS = {"sim", "dataset_id", "snapshot_id", "times"}


async def script(request: web.Request) -> web.Response:
    """POST /simulator/script: ``{"sim", "dataset_id"?, "times"?}`` or ``{"sim", "snapshot_id"}``."""
    simulator = request.app[SIMULATOR]
    try:
        given = json.loads(await request.read())
    except ValueError as error:
        raise Refusal(400, "the body is not JSON") from error
    if not isinstance(given, dict) or set(given) - _FIELDS or not isinstance(given.get("sim"), str):
        raise Refusal(400, "fields are sim, dataset_id, snapshot_id, times")
    parse(given["sim"])
    snapshot_id = given.get("snapshot_id")
    if snapshot_id is not None and snapshot_id not in simulator.ledger.snapshots:
        raise Refusal(404, "no such snapshot")
    simulator.ledger.script(
        given["sim"], snapshot_id=snapshot_id, dataset_id=given.get("dataset_id"), times=given.get("times", 1)
    )
    if snapshot_id is not None:
        request.app[NOTIFIER].expect(simulator.ledger.snapshots[snapshot_id])
    return say(200, {"ok": True})


async def unscript(request: web.Request) -> web.Response:
    """DELETE /simulator/script: end every script that waits for purchases."""
    request.app[SIMULATOR].ledger.unscript()
    return say(200, {"ok": True})


async def account(request: web.Request) -> web.Response:
    """GET /simulator/ledger; ``?digests=no`` leaves sha256 and size_bytes null."""
    return say(200, await request.app[SIMULATOR].account(digests=request.query.get("digests") != "no"))


async def unblock(request: web.Request) -> web.Response:
    """POST /simulator/unblock: forgive all addresses."""
    request.app[SIMULATOR].ledger.unblock()
    return say(200, {"ok": True})

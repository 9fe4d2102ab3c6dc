"""The calls of the Datasets API v3 that are about one snapshot, or about all of a dataset."""

import csv
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from infra.local.simulators.bright_data import answers
from infra.local.simulators.bright_data.answers import Refusal, say
from infra.local.simulators.bright_data.faults import suffer
from infra.local.simulators.bright_data.lies import Bodies, misbehave
from infra.local.simulators.bright_data.notify import NOTIFIER
from infra.local.simulators.bright_data.orders import read_order
from infra.local.simulators.bright_data.records.bodies import Span, body_of
from infra.local.simulators.bright_data.simulator import Simulator
from infra.local.simulators.bright_data.snapshots import Snapshot, instant
from infra.local.simulators.bright_data.wire import send
from infra.local.simulators.scripted import Fault

SIMULATOR = web.AppKey("simulator", Simulator)
_SMALLEST_BATCH = 1000
_MOST_LISTED = 5000
_FORMS = ("json", "ndjson", "jsonl", "csv")

Call = Callable[[web.Request, Simulator, Snapshot, Fault | None], Awaitable[web.StreamResponse]]


def about(name: str, call: Call, *, missing: Any = answers.NO_SNAPSHOT) -> Callable[..., Awaitable[web.StreamResponse]]:
    """A handler for a call about the snapshot in the path: counted, and exposed to the snapshot's faults."""

    async def handle(request: web.Request) -> web.StreamResponse:
        simulator = request.app[SIMULATOR]
        simulator.ledger.count(name, request.match_info["id"])
        snapshot = simulator.find(request.match_info["id"], missing=missing)

        async def act(fault: Fault | None) -> web.StreamResponse:
            return await call(request, simulator, snapshot, fault)

        return await suffer(simulator.fault(name, snapshot), request, simulator, act)

    return handle


async def trigger(request: web.Request) -> web.StreamResponse:
    """POST /trigger."""
    simulator = request.app[SIMULATOR]
    simulator.ledger.count("trigger")
    order = await read_order(request)

    async def act(_: Fault | None) -> web.StreamResponse:
        snapshot = simulator.buy(order)
        request.app[NOTIFIER].expect(snapshot)
        return say(200, {"snapshot_id": snapshot.id})

    return await suffer(simulator.trigger_fault(order), request, simulator, act)


async def progress(_: web.Request, simulator: Simulator, snapshot: Snapshot, __: Fault | None) -> web.StreamResponse:
    """GET /progress/{id}."""
    return say(200, snapshot.progress(simulator.clock()))


def _batch(request: web.Request) -> int | None:
    given = request.query.get("batch_size")
    if given is None:
        return None
    if not given.isdecimal() or int(given) < _SMALLEST_BATCH:
        message = f'"batch_size" must be greater than or equal to {_SMALLEST_BATCH}'
        raise Refusal(400, {"validation_errors": [message]})
    return int(given)


def _parts(lines: int, batch: int | None) -> int:
    return max(1, -(-lines // batch)) if batch else 1


def _span(request: web.Request, snapshot: Snapshot) -> Span:
    plan, batch = snapshot.plan, _batch(request)
    part, parts = request.query.get("part", "1"), _parts(plan.lines, batch)
    if not part.isdecimal() or not 1 <= int(part) <= parts:
        raise Refusal(400, {"validation_errors": [f'"part" must be between 1 and {parts}']})
    start = (int(part) - 1) * (batch or 0)
    return Span(plan=plan, start=start, stop=min(plan.lines, start + batch) if batch else plan.lines)


def _downloadable(simulator: Simulator, snapshot: Snapshot) -> None:
    now = simulator.clock()
    if snapshot.pending(now):
        raise Refusal(202, answers.NOT_READY)
    if snapshot.status(now) == "failed":
        raise Refusal(400, snapshot.script.failed)
    if now - snapshot.created >= snapshot.script.expires_after:
        raise Refusal(400, "Snapshot is expired")


async def download(
    request: web.Request, simulator: Simulator, snapshot: Snapshot, fault: Fault | None
) -> web.StreamResponse:
    """GET /snapshot/{id}; without a format it is NDJSON."""
    form, compress = request.query.get("format", "ndjson"), request.query.get("compress") == "true"
    if form not in _FORMS:
        raise Refusal(400, {"validation_errors": [f'"format" must be one of [{", ".join(_FORMS)}]']})
    span = _span(request, snapshot)
    _downloadable(simulator, snapshot)

    plain, packed = body_of(span, form=form, compress=False), body_of(span, form=form, compress=True)
    asked = packed if compress else plain
    if fault is None:
        return await send(request, asked)
    return await misbehave(request, fault, Bodies(asked=asked, plain=plain, packed=packed))


async def parts(request: web.Request, simulator: Simulator, snapshot: Snapshot, _: Fault | None) -> web.StreamResponse:
    """GET /snapshot/{id}/parts."""
    batch = _batch(request)
    if snapshot.pending(simulator.clock()):
        raise Refusal(400, "Snapshot is not ready")
    return say(200, {"parts": _parts(snapshot.plan.lines, batch)})


async def inputs(_: web.Request, __: Simulator, snapshot: Snapshot, ___: Fault | None) -> web.StreamResponse:
    """GET /snapshot/{id}/input: what was ordered, as CSV."""
    rows = snapshot.order.inputs
    sheet = io.StringIO(newline="")
    writer = csv.DictWriter(sheet, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in row.items()})
    return web.Response(text=sheet.getvalue(), content_type="text/csv", charset="utf-8")


async def cancel(request: web.Request, simulator: Simulator, snapshot: Snapshot, _: Fault | None) -> web.StreamResponse:
    """POST /snapshot/{id}/cancel."""
    if not snapshot.pending(simulator.clock()):
        raise Refusal(400, "Snapshot is not running")
    simulator.ledger.cancel(snapshot, simulator.clock())
    request.app[NOTIFIER].expect(snapshot)
    return say(200, "OK")


async def rerun(request: web.Request, simulator: Simulator, snapshot: Snapshot, _: Fault | None) -> web.StreamResponse:
    """POST /snapshot/{id}/rerun: buys the same inputs again."""
    again = simulator.buy(snapshot.order)
    request.app[NOTIFIER].expect(again)
    return say(200, {"snapshot_id": again.id})


def _moment(value: str, *, end: bool) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Refusal(400, {"validation_errors": [f"{value!r} must be a valid date"]}) from error
    whole_day = 86_400.0 if end and "T" not in value else 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() + whole_day


def _whole(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not given.isdecimal():
        raise Refusal(400, {"validation_errors": [f'"{name}" must be a number']})
    return int(given)


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /snapshots: a dataset's snapshots, newest first."""
    simulator, query = request.app[SIMULATOR], request.query
    simulator.ledger.count("list")
    if not query.get("dataset_id"):
        raise Refusal(400, "dataset missing")
    fault = simulator.list_fault(query["dataset_id"])

    async def act(_: Fault | None) -> web.StreamResponse:
        return say(200, _listed(request, simulator))

    return await suffer(fault, request, simulator, act)


def _listed(request: web.Request, simulator: Simulator) -> list[dict[str, Any]]:
    now, query = simulator.clock(), request.query
    since = _moment(query["from_date"], end=False) if "from_date" in query else 0.0
    until = _moment(query["to_date"], end=True) if "to_date" in query else now + 1
    rows = [
        {
            "id": snapshot.id,
            "created": instant(snapshot.created),
            "status": snapshot.status(now),
            "dataset_id": snapshot.order.dataset_id,
            "dataset_size": None if snapshot.pending(now) else sum(snapshot.plan.records),
        }
        for snapshot in sorted(simulator.ledger.snapshots.values(), key=lambda one: one.created, reverse=True)
        if snapshot.order.dataset_id == query["dataset_id"]
        and since <= snapshot.created <= until
        and not snapshot.hidden(now)
        and query.get("status", snapshot.status(now)) == snapshot.status(now)
    ]
    skip, limit = _whole(query, "skip", 0), _whole(query, "limit", 1000)
    return rows[skip : skip + min(limit, _MOST_LISTED)]


async def log(_: web.Request, simulator: Simulator, snapshot: Snapshot, __: Fault | None) -> web.StreamResponse:
    """GET /log/{id}: how it was bought. Durations are whole seconds."""
    now, order, plan = simulator.clock(), snapshot.order, snapshot.plan
    pending = snapshot.pending(now)
    asked, failed = len(plan.inputs), min(sum(plan.errors), len(plan.inputs))
    took = 0 if pending else int(snapshot.script.ready_after if snapshot.cancelled is None else 0)
    size = None if pending else Span(plan=plan, start=0, stop=plan.lines).size()
    bought = {"type": "API", "user": "simulator", "ip": order.ip, "trigger_url": order.trigger_url}
    return say(
        200,
        {
            "id": snapshot.id,
            "created": instant(snapshot.created),
            "status": snapshot.status(now),
            "dataset_name": "Posts of a page",
            "scraper_name": "Posts of a page",
            "dataset_size": None if pending else sum(plan.records),
            "inputs_count": asked,
            "dataset_id": order.dataset_id,
            "discovery_collector_id": None,
            "file_size": size,
            "trigger": bought | {"ts": instant(snapshot.created)},
            "duration": took,
            "duration_per_input": took / asked,
            "success_rate": (asked - failed) / asked,
        },
    )

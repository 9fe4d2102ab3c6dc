"""The provider's calls."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from infra.local.simulators.firecrawl.bought import PAGE_DOCUMENTS, Bought, Kind, instant
from infra.local.simulators.firecrawl.notify import NOTIFIER
from infra.local.simulators.firecrawl.simulator import Refusal, Simulator
from infra.local.simulators.scripted import Fault

SIMULATOR = web.AppKey("simulator", Simulator)
PATHS: dict[Kind, str] = {"crawl": "/v2/crawl", "batch": "/v2/batch/scrape"}
_WORDS = {
    401: "Unauthorized: Invalid token",
    402: "Insufficient credits to perform this request.",
    403: "This website is no longer supported, please reach out to help@firecrawl.com for more info.",
    404: "Job not found",
    408: "Request timed out",
    409: "Idempotency key already used",
    429: "Rate limit exceeded. Consumed (req/min): 101, Remaining (req/min): 0.",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def spoilt(fault: Fault | None) -> web.Response | None:
    """The answer that a fault gives instead of the call's own; None where it goes on."""
    if fault is None or fault.name in {"drop", "commit_500", "elsewhere"}:
        return None
    spoken = {"html": "<html>Sign in</html>", "garbage": '{"success":true,"data":[{"mark', "empty": ""}
    if fault.name in spoken:
        return web.Response(text=spoken[fault.name], content_type="text/html")
    status = int(fault.name)
    headers = {"Retry-After": fault.argument} if fault.argument else {}
    error = {"success": False, "error": _WORDS.get(status, f"Error {status}")}
    return web.json_response(error, status=status, headers=headers)


def submit(kind: Kind) -> Handler:
    """POST: an order."""

    async def handle(request: web.Request) -> web.StreamResponse:
        simulator = request.app[SIMULATOR]
        simulator.ledger.count("submit")
        body = await _body(request)
        simulator.key(request.headers.get("x-idempotency-key"))
        fault = simulator.order_fault(body)
        if (answer := spoilt(fault)) is not None:
            return answer
        job = simulator.buy(kind, body)
        request.app[NOTIFIER].expect(job)
        if fault is not None and fault.name == "drop" and request.transport is not None:
            request.transport.close()
        if fault is not None and fault.name == "commit_500":
            raise Refusal(500, "An unexpected error occurred.")
        return web.json_response(
            {"success": True, "id": job.id, "url": f"{request.url.origin()}{PATHS[kind]}/{job.id}"}
        )

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Refusal(400, "Malformed JSON in request body") from error
    if not isinstance(body, dict):
        raise Refusal(400, "Bad Request")
    return body


def about(kind: Kind, call: str, say: Callable[[web.Request, Bought], dict[str, Any]]) -> Handler:
    """A call about one job."""

    async def handle(request: web.Request) -> web.StreamResponse:
        simulator = request.app[SIMULATOR]
        simulator.ledger.count(call)
        job = simulator.find(kind, request.match_info["id"])
        fault = simulator.fault(call, job)
        if (answer := spoilt(fault)) is not None:
            return answer
        body = say(request, job)
        if fault is not None and fault.name == "elsewhere":
            body["next"] = fault.argument
        return web.json_response(body)

    return handle


def status(request: web.Request, job: Bought) -> dict[str, Any]:
    """GET: how it is doing, and one page of documents."""
    now = request.app[SIMULATOR].clock()
    skip, limit = int(request.query.get("skip", "0")), int(request.query.get("limit", PAGE_DOCUMENTS))
    page = job.page(skip, limit, now)
    told: dict[str, Any] = {
        "success": True,
        "status": job.status(now),
        "total": job.found(now),
        "completed": job.completed(now),
        "creditsUsed": job.completed(now),
        "createdAt": instant(job.created),
        "expiresAt": instant(job.created + job.script.expires_after),
        "data": page,
    }
    if job.script.failed and not job.pending(now):
        told["error"] = job.script.failed
    if job.pending(now) or skip + len(page) < job.completed(now):
        more = f"&limit={request.query['limit']}" if "limit" in request.query else ""
        told["next"] = f"{request.url.origin()}{PATHS[job.kind]}/{job.id}?skip={skip + len(page)}{more}"
    return told


def failures(_: web.Request, job: Bought) -> dict[str, Any]:
    """GET …/errors: what is in no counter."""
    return job.failures()


def cancel(request: web.Request, job: Bought) -> dict[str, Any]:
    """DELETE: stop; doing it again is fine."""
    simulator = request.app[SIMULATOR]
    if job.pending(simulator.clock()):
        simulator.ledger.cancel(job, simulator.clock())
    return {"status": "cancelled"}


async def active(request: web.Request) -> web.StreamResponse:
    """GET /v2/crawl/active: crawls under way, with the options that hold."""
    simulator = request.app[SIMULATOR]
    simulator.ledger.count("active")
    if (answer := spoilt(simulator.house_fault("active"))) is not None:
        return answer
    now = simulator.clock()
    running = [
        {"id": job.id, "teamId": "team", "url": job.urls[0], "options": _options(job)}
        for job in simulator.ledger.jobs.values()
        if job.kind == "crawl" and job.pending(now) and not job.script.hidden
    ]
    return web.json_response({"success": True, "crawls": running})


def _options(job: Bought) -> dict[str, Any]:
    return {name: value for name, value in job.body.items() if name not in {"url", "webhook"}} | {"limit": job.limit}


async def credits_left(request: web.Request) -> web.StreamResponse:
    """GET /v2/team/credit-usage."""
    simulator = request.app[SIMULATOR]
    simulator.ledger.count("credits")
    if (answer := spoilt(simulator.house_fault("credits"))) is not None:
        return answer
    clamped = any(job.script.clamp is not None for job in simulator.ledger.jobs.values())
    return web.json_response(
        {"success": True, "data": {"remainingCredits": 0 if clamped else 500_000, "planCredits": 500_000}}
    )

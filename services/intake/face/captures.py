"""Captures: how they are, and what they took."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_args

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import Answers, body, problems
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from schemas.stored_object import ObjectMissing, StoreUnavailable
from services.intake.capturing.bodies import CaptureShown
from services.intake.capturing.find_capture import (
    CaptureNotFound,
    NotCaptured,
    find_capture,
    parsed,
    read_capture,
)
from services.intake.capturing.keep import FILES
from services.jobs.reading.find_job import job_history

What = Literal["screenshot", "html", "text"]

_TYPES: dict[str, str] = {
    "screenshot": "image/png",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
_BARE = {name: kind.partition(";")[0] for name, kind in _TYPES.items()}


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/v1/captures", tags=["intake"])

    @made.get("/{capture_id}", responses=body(CaptureShown) | problems(CaptureNotFound, WarehouseUnavailable))
    async def capture(capture_id: str, caller: Reading) -> dict[str, Any]:
        """Where a capture is, and what it brought."""
        return await find_capture(
            parsed(capture_id), tenant=caller.tenant, database=runtime.database, history=runtime.once(job_history)
        )

    taken: Answers = {
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _BARE.values()}},
        **problems(CaptureNotFound, NotCaptured, ObjectMissing, StoreUnavailable, WarehouseUnavailable),
    }

    for what in get_args(What):
        route = made.get(f"/{{capture_id}}/{what}", name=what, response_class=StreamingResponse, responses=taken)
        route(_file(what, runtime))
    return made


def _file(what: What, runtime: Runtime) -> Callable[..., Awaitable[StreamingResponse]]:
    async def captured(capture_id: str, caller: Reading) -> StreamingResponse:
        """The page as it was: a picture, its HTML, or its text. HTML of others is given as a file, never as a page."""
        blocks = await read_capture(
            parsed(capture_id),
            what,
            tenant=caller.tenant,
            database=runtime.database,
            history=runtime.once(job_history),
            lake=runtime.lake,
        )
        return StreamingResponse(blocks, headers=_headers(what), media_type=_TYPES[what])

    return captured


def _headers(what: str) -> dict[str, str]:
    """What keeps browsers from running what others wrote, on our origin."""
    shown = "attachment" if what == "html" else "inline"
    return {
        "Content-Disposition": f'{shown}; filename="{FILES[what]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }

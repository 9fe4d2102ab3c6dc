"""The app factory: every face answers errors as problem+json and says whether it lives and is ready."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

import asyncpg
import msgspec
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from schemas.problem import Problem, ProblemClass

log = structlog.get_logger()

MAX_BODY = 1 << 20  # bytes; orders are lists of URLs, not data


class PayloadTooLarge(Problem):
    """A request body over the limit."""

    code: ClassVar[str] = "PAYLOAD_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The request body is larger than 1 MiB"
    recovery: ClassVar[str] = "Split the request into several smaller ones."


class MalformedJson(Problem):
    """A body that is not JSON, or nests without end."""

    code: ClassVar[str] = "MALFORMED_JSON"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request body is not valid JSON"
    recovery: ClassVar[str] = "Send one JSON object, encoded as UTF-8, nested at most 64 levels deep."


class InvalidRequest(Problem):
    """A request whose fields are not what they must be; ``errors`` names each."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The request has fields that are missing or wrong"
    recovery: ClassVar[str] = "Correct the fields named in `errors` and send the request again."


class DatabaseUnavailable(Problem):
    """PostgreSQL does not answer."""

    code: ClassVar[str] = "STORE_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The database does not answer"
    recovery: ClassVar[str] = "Send the request again in a few seconds; nothing of it was stored."


DATABASE_TROUBLE = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

Check = Callable[[], Awaitable[None]]


def create_app(
    *,
    title: str,
    routers: Sequence[APIRouter],
    ready: Sequence[Check] = (),
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """A face: the routers, ``/livez``, ``/readyz`` (503 while a check raises) and problem+json for every error."""
    app = FastAPI(title=title, lifespan=lifespan, docs_url="/docs", redoc_url=None)
    app.add_middleware(LimitBody, limit=MAX_BODY)
    for router in routers:
        app.include_router(router)
    app.include_router(_health(ready))
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for trouble in DATABASE_TROUBLE:
        app.add_exception_handler(trouble, _on_database)
    app.add_exception_handler(Exception, _on_unexpected)
    return app


def problem_response(problem: Problem, *, instance: str = "") -> Response:
    """The problem as RFC 9457 JSON, with ``Retry-After`` where waiting helps."""
    body: dict[str, Any] = {
        "type": f"urn:headrace:problem:{problem.code.lower().replace('_', '-')}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "recovery": problem.recovery,
    }
    if instance:
        body["instance"] = instance
    headers = {"Retry-After": str(max(1, round(problem.retry_after)))} if problem.retry_after else {}
    return Response(
        msgspec.json.encode(body | problem.extra),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _health(ready: Sequence[Check]) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The process runs."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Everything this face needs can be used."""
        for check in ready:
            await check()
        return {"status": "ok"}

    return router


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  # the handler is registered for this class only
    return problem_response(error, instance=request.url.path)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # see above
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return problem_response(MalformedJson(), instance=request.url.path)
    named = [
        {"field": ".".join(str(part) for part in found["loc"][1:]) or "body", "message": found["msg"]}
        for found in error.errors()
    ]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in named[:5])
    return problem_response(InvalidRequest(detail, errors=named[:100]), instance=request.url.path)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # see above
    problem = Problem(str(error.detail))
    body = {"type": "about:blank", "title": problem.detail, "status": error.status_code, "instance": request.url.path}
    return Response(
        msgspec.json.encode(body),
        status_code=error.status_code,
        media_type="application/problem+json",
        headers=dict(error.headers or {}),
    )


async def _on_database(request: Request, error: Exception) -> Response:
    log.warning("database unavailable", error=repr(error), path=request.url.path)
    return problem_response(DatabaseUnavailable(retry_after=2), instance=request.url.path)


async def _on_unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error", path=request.url.path, exc_info=error)
    return problem_response(
        Problem("An unexpected error; it was logged and nothing more was changed."), instance=request.url.path
    )


class LimitBody:
    """Refuses bodies over ``limit`` bytes before they are in memory, whatever their header promises."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.limit:
            await problem_response(PayloadTooLarge())(scope, receive, send)
            return
        await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise PayloadTooLarge
            return message

        return counted

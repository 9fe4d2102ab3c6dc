"""The app factory: every face answers errors as problem+json and says whether it lives and is ready."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from infra.postgres.away import AWAY, DatabaseAway, is_away
from infra.runtime.auth.gate import Authenticated, Gate
from infra.runtime.auth.routes import refuse_unscoped
from infra.runtime.http.answers import OTHER, complete, problems
from infra.runtime.http.guard import BODY_SECONDS, MAX_BODY, NO_UPLOADS, Guard, Uploads
from infra.runtime.http.invalid import MalformedJson
from infra.runtime.http.measured import Measured, metrics_route
from infra.runtime.http.problem_json import json_response, problem_response
from infra.runtime.http.query import refuse_odd_queries
from infra.runtime.http.rate_limit import RateLimit
from infra.runtime.http.reference_page import reference_page
from infra.runtime.http.traced import Traced
from infra.runtime.http.wrong_fields import refused
from schemas.problem import Problem, ProblemClass

if TYPE_CHECKING:
    from infra.runtime.telemetry.metrics import Metrics

log = structlog.get_logger()

Check = Callable[[], Awaitable[None]]
_NO_LIMITS: Mapping[str, int] = {}
OPEN = frozenset({"/livez", "/readyz", "/docs", "/openapi.json"})
"""Whoever watches or wants to know a service need not say who they are."""


class _Face(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The document, with the problems that each route may answer."""
        if self.openapi_schema is None:
            complete(super().openapi())
        return super().openapi()


class NotReady(Problem):
    """Something this face needs cannot be used."""

    code: ClassVar[str] = "NOT_READY"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "This service cannot do its work now"
    recovery: ClassVar[str] = "It becomes ready by itself; if it lasts, look at its log."


def create_app(
    *,
    title: str,
    gate: Gate,
    routers: Sequence[APIRouter],
    public: Collection[str] = (),
    ready: Sequence[Check] = (),
    body_seconds: float = BODY_SECONDS,
    body_limits: Mapping[str, int] = _NO_LIMITS,
    uploads: Uploads = NO_UPLOADS,
    rate_limit: float = 0.0,
    metrics: "Metrics | None" = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """A face: the routers, ``/livez``, ``/readyz`` (503 while a check raises) and problem+json for every error.

    ``gate`` decides who comes in; each route asks for a scope, or its path is ``public``. A request's body may take
    ``body_seconds`` to arrive, and have as many bytes on a path as ``body_limits`` says; ``uploads`` have bounds of
    their own. A tenant may send ``rate_limit`` requests a second (0: any number). With ``metrics`` they are measured,
    and ``/metrics`` is served.
    """
    refuse_unscoped(routers, public=public)
    everybody = OPEN | set(public)
    app = _Face(
        title=title,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=OTHER,
        dependencies=[Depends(refuse_odd_queries)],
    )
    app.add_middleware(Guard, limit=MAX_BODY, seconds=body_seconds, wider=body_limits, uploads=uploads)
    if rate_limit:
        app.add_middleware(RateLimit, per_second=rate_limit)
    app.add_middleware(Authenticated, gate=gate, public=everybody)
    app.add_middleware(Traced)
    if metrics is not None:
        app.add_middleware(Measured, metrics=metrics)
        app.include_router(metrics_route(metrics))
    for router in routers:
        app.include_router(router)
    app.include_router(_health(ready))
    app.include_router(reference_page())
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    for trouble in AWAY:
        app.add_exception_handler(trouble, _on_database)
    return app


def _health(ready: Sequence[Check]) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.head("/livez", include_in_schema=False)
    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """The process runs."""
        return {"status": "ok"}

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", responses=problems(NotReady))
    async def readyz() -> dict[str, str]:
        """Everything this face needs can be used."""
        for check in ready:
            await _done(check)
        return {"status": "ok"}

    return router


async def _done(check: Check) -> None:
    try:
        await check()
    except Problem:
        raise
    except Exception as error:
        log.exception("a check of readiness failed")
        raise NotReady from error


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  # the handler is registered for this class only
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request failed", path=request.url.path, code=error.code, detail=error.detail)
    return problem_response(error, instance=request.url.path)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # see above
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return problem_response(MalformedJson(), instance=request.url.path)
    found = [{**one, "loc": one["loc"][1:]} for one in error.errors()]  # without the part of the request it is in
    return problem_response(refused(found), instance=request.url.path)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # see above
    if isinstance(error.__cause__, (RecursionError, ValueError)):
        return problem_response(MalformedJson(), instance=request.url.path)
    status = HTTPStatus(error.status_code)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": str(error.detail),
        "code": status.name,
        "recovery": "See /docs for the paths of this service and their methods.",
        "instance": request.url.path,
    }
    return json_response(body, status=status, headers=error.headers or {})


async def _on_database(request: Request, error: Exception) -> Response:
    if not is_away(error):
        raise error
    return await _on_problem(request, DatabaseAway(f"The database does not answer: {error}"[:300], retry_after=2))

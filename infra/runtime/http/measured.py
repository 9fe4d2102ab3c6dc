"""Requests, measured: how many by route and status, and how long until their answers began."""

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.runtime.auth.scoped import READS_ALL
from infra.runtime.configuration.settings import Settings

if TYPE_CHECKING:  # it takes a while to load, and not every process measures
    from infra.runtime.telemetry.metrics import Metrics

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def measures(settings: Settings) -> bool:
    """Whether anything is measured."""
    return settings.metrics_enabled and settings.background_metrics


class Measured:
    """Counts every request, also those that never reach a route."""

    def __init__(self, app: ASGIApp, *, metrics: "Metrics") -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and take its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, told = time.perf_counter(), False

        async def watched(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start" and not told:
                told = True
                self._tell(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            if not told:
                self._tell(scope, HTTPStatus.INTERNAL_SERVER_ERROR, time.perf_counter() - began)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.requests.labels(method, route, str(int(status))).inc()
        self.metrics.latencies.labels(method, route).observe(seconds)


def metrics_route(metrics: "Metrics") -> APIRouter:
    """``/metrics``."""
    router = APIRouter(tags=["health"])

    plain: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}

    @router.get("/metrics", response_class=Response, responses=plain, dependencies=[READS_ALL])
    async def get_metrics() -> Response:
        """What is measured, for Prometheus; what is read off the database is a few seconds old at most."""
        return Response(await metrics.text(), media_type=_TEXT)

    return router

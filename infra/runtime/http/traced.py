"""Every request belongs to a trace: the caller's, or a new one."""

from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.runtime.telemetry import trace, tracing
from infra.runtime.telemetry.tracing import Span

_PROBES = {"/livez", "/readyz", "/metrics"}


class Traced:
    """Continues the trace of a request's ``traceparent``, and makes the request a span of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self.app(scope, receive, send)
            return
        with tracing.span(scope["method"], kind="server", parent=_given(scope)) as span:
            await self.app(scope, receive, _noting(send, span))
            _name(span, scope)


def _given(scope: Scope) -> str | None:
    named = [value for name, value in scope["headers"] if name == b"traceparent"]
    return trace.valid(named[0].decode("latin-1")) if len(named) == 1 else None


def _noting(send: Send, span: Span) -> Send:
    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            status: Any = message["status"]
            span.note("http.response.status_code", status)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.fail(str(status))
        await send(message)

    return noted


def _name(span: Span, scope: Scope) -> None:
    span.note("http.request.method", scope["method"])
    if (route := getattr(scope.get("route"), "path", None)) is not None:
        span.call(f"{scope['method']} {route}")
        span.note("http.route", route)

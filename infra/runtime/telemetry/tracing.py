"""Spans: what was done, for how long and on whose behalf.

They are exported by OTLP over HTTP where OpenTelemetry's own variables say so (OTEL_EXPORTER_OTLP_ENDPOINT; also
OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_SDK_DISABLED and the rest). Elsewhere nothing of it is loaded, and a span
only hands its parent's ``traceparent`` on.
"""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Literal

from infra.runtime.telemetry import trace
from schemas.problem import Problem

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | bool | int | float

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NONE: Mapping[str, Value] = {}
_FLUSH_SECONDS = 2.0  # a collector that does not answer must not hold up a stop

Start = Callable[[str, Kind, str | None, Mapping[str, Value]], Any]


class _Exporting:
    """Starts OpenTelemetry's spans, while there are ``users`` who want them exported."""

    start: Start | None = None
    provider: Any = None
    users = 0
    changing = threading.Lock()  # who else exports in this process may have a loop and a thread of its own


class Span:
    """Something being done. ``traceparent`` is what follows from it belongs to; None outside any trace."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, traceparent: str | None, span: Any = None) -> None:
        self.traceparent = traceparent
        self._span = span

    def note(self, name: str, value: Value) -> None:
        """Tell more of it."""
        if self._span is not None:
            self._span.set_attribute(name, value)

    def call(self, name: str) -> None:
        """What it turned out to be."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, why: str) -> None:
        """It did not succeed; ``why`` is a code, never a text that may hold secrets."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415  # only where spans are exported

            self._span.set_attribute("error.type", why)
            self._span.set_status(StatusCode.ERROR, why)

    def end(self) -> None:
        """It is over."""
        if self._span is not None:
            self._span.end()


def start(
    name: str, *, kind: Kind = "internal", parent: str | None = None, attributes: Mapping[str, Value] = _NONE
) -> Span:
    """Begin something on behalf of ``parent``, by default of what is being done. Whoever begins it ends it.

    What has no parent begins a trace if it is a ``server`` span, or exported.
    """
    parent = parent or trace.current()
    if _Exporting.start is None:
        return Span(parent or (trace.begun() if kind == "server" else None))
    span = _Exporting.start(name, kind, parent, attributes)
    context = span.get_span_context()
    return Span(f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}", span)


@contextmanager
def span(
    name: str, *, kind: Kind = "internal", parent: str | None = None, attributes: Mapping[str, Value] = _NONE
) -> Iterator[Span]:
    """The block is something done on behalf of ``parent``; what raises fails it."""
    begun = start(name, kind=kind, parent=parent, attributes=attributes)
    with together([begun]), trace.continued(begun.traceparent):
        yield begun


@contextmanager
def together(spans: Sequence[Span]) -> Iterator[None]:
    """These are over with the block; what raises fails them all."""
    try:
        yield
    except BaseException as error:
        for one in spans:
            one.fail(reason(error))
        raise
    finally:
        for one in spans:
            one.end()


def on() -> bool:
    """Whether spans are exported."""
    return _Exporting.start is not None


def reason(error: BaseException) -> str:
    """An error as a code."""
    return error.code if isinstance(error, Problem) else type(error).__name__


@asynccontextmanager
async def exporting() -> AsyncIterator[None]:
    """Export the spans of this process inside the block, where the environment says where to.

    Where several do that at once, all are exported until the last of them ends.
    """
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if disabled or not any(os.environ.get(name) for name in _ENDPOINTS):
        yield
        return
    _join()
    try:
        yield
    finally:
        if (provider := _leave()) is not None:
            flushing = threading.Thread(target=provider.shutdown, daemon=True)
            flushing.start()
            await asyncio.to_thread(flushing.join, _FLUSH_SECONDS)


def _join() -> None:
    with _Exporting.changing:
        if not _Exporting.users:
            _Exporting.provider, _Exporting.start = _open()
        _Exporting.users += 1


def _leave() -> Any:
    """What the last one has to close; None while others export."""
    with _Exporting.changing:
        _Exporting.users -= 1
        if _Exporting.users:
            return None
        provider, _Exporting.provider, _Exporting.start = _Exporting.provider, None, None
        return provider


def _open() -> tuple[Any, Start]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # loaded late
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415  # see above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # see above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # see above

    name = os.environ.get("OTEL_SERVICE_NAME") or "headrace"
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider, starter(provider.get_tracer("headrace"))


def starter(tracer: Any) -> Start:
    """How spans of an OpenTelemetry tracer are started."""
    from opentelemetry.context import Context  # noqa: PLC0415  # see above
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # see above
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415  # see above

    propagator = TraceContextTextMapPropagator()

    def begin(name: str, kind: Kind, parent: str | None, attributes: Mapping[str, Value]) -> Any:
        context = propagator.extract({"traceparent": parent}, Context()) if parent else Context()
        return tracer.start_span(name, context=context, kind=SpanKind[kind.upper()], attributes=dict(attributes))

    return begin

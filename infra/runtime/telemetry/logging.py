"""Structured logs: one JSON line an event, with the ids that are bound where the work began."""

import logging
import os
import sys
from collections.abc import MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from infra.runtime.telemetry import trace
from infra.runtime.telemetry.redaction import scrubbed

_GOOGLES = "logging.googleapis.com"


def set_up(level: str, *, file: Path | None = None, project: str | None = None) -> None:
    """Send everything, also warnings and the libraries' own logs, to stderr or to a file at ``level`` and above.

    JSON lines, except for a person at a terminal; with a ``project`` Cloud Logging shows them with the requests and
    spans of their trace. Raises ``OSError`` when the file cannot be written.
    """
    read_by_person = file is None and sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        partial(_trace, None if read_by_person else project),
        _severity,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        _scrub,
    ]
    rendering: list[Any] = [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()]
    if read_by_person:
        rendering = [_for_person, structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.FileHandler(file) if file is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *rendering,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for noisy in ("uvicorn.access", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def leave_to_the_program() -> None:
    """Hand our lines, one text each, to the logging of the program we are a library of; it has its own structlog first.

    What structlog does unasked is to print, also the values of variables around an exception, secrets among them.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            _scrub,
            _as_text,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _as_text(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    said, exception = event.pop("event"), event.pop("exception", None)
    fields = "".join(f" {name}={value}" for name, value in event.items())
    return f"{said}{fields}" + (f"\n{exception}" if exception else "")


def _trace(project: str | None, _: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (traceparent := trace.current()) is not None:
        event["trace_id"], event["span_id"] = trace.ids(traceparent)
        if project is not None:
            # by these names, and no others, Cloud Logging knows them
            event[f"{_GOOGLES}/trace"] = f"projects/{project}/traces/{event['trace_id']}"
            event[f"{_GOOGLES}/spanId"] = event["span_id"]
    return event


def _severity(_: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["severity"] = {"exception": "ERROR", "warn": "WARNING"}.get(method, method.upper())
    return event


def _for_person(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["level"] = event.pop("severity").lower()
    event["timestamp"] = event.pop("time")[11:19]
    return event


def _scrub(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if not key.startswith("_"):  # those are the formatter's own
            event[key] = scrubbed(value, name=key)
    return event

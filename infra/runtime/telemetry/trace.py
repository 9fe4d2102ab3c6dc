"""Which trace this work belongs to: one string that goes through requests, rows and events (https://w3.org/TR/trace-context)."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """The ``traceparent`` of what is being done, or None."""
    return _current.get()


def follow(traceparent: str | None) -> None:
    """What this task does from now on belongs to this trace; for tasks that do nothing else."""
    _current.set(traceparent)


@contextmanager
def continued(traceparent: str | None) -> Iterator[None]:
    """What is done inside the block belongs to this trace."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


def begun() -> str:
    """A new trace."""
    made = os.urandom(24).hex()
    return f"00-{made[:32]}-{made[32:]}-01"


def valid(traceparent: str | None) -> str | None:
    """What a caller sent, if it can be continued."""
    parts = _FORM.fullmatch(traceparent) if traceparent is not None else None
    return "00-{}-{}-{}".format(*parts.groups()) if parts else None


def ids(traceparent: str) -> tuple[str, str]:
    """The ids of the trace and of the span, in hexadecimal."""
    _, trace_id, span_id, _ = traceparent.split("-")
    return trace_id, span_id

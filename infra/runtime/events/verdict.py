"""What becomes of a message whose handler failed, whatever bus carried it."""

from typing import Any

import structlog
from msgspec import Struct

from infra.runtime.events.bus import Outcome, final
from schemas.problem import Problem

_DETAIL = 2000  # characters kept of an exception's message

log = structlog.get_logger()


class Verdict(Struct, frozen=True, kw_only=True):
    """``outcome`` is None when another delivery may help; ``reason`` is a problem's code or an exception's type."""

    outcome: Outcome | None
    reason: str
    detail: str


def verdict(error: Exception, *, last: bool) -> Verdict:
    """What a handler's failure means; on the ``last`` attempt nothing is left to try."""
    outcome = final(error) or ("exhausted" if last else None)
    reason = error.code if isinstance(error, Problem) else type(error).__name__
    return Verdict(outcome=outcome, reason=reason, detail=printable(str(error)))


def tell(found: Verdict, error: Exception, **fields: Any) -> None:
    """Log a verdict, with the traceback of what nobody expected."""
    unforeseen = None if isinstance(error, Problem) else error
    if found.outcome is None:
        log.warning("delivery failed", **fields, reason=found.reason, exc_info=unforeseen)
    else:
        log.error("message set aside", **fields, reason=found.reason, exc_info=unforeseen)


def printable(text: str) -> str:
    """A message that can stand in a log or on a terminal: short, and control characters as escapes."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:_DETAIL])
    return shown[:_DETAIL]

"""What the provider's answers mean: its refusals as Problems, its words as progress."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from schemas.problem import Problem
from services.crawling.ports import Progress
from services.crawling.provider_client import (
    ACCEPTED,
    CONFLICT,
    FORBIDDEN,
    GONE,
    NOT_FOUND,
    REFUSALS,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Answer,
)
from services.crawling.provider_problems import (
    DatasetFull,
    NotReady,
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
)

EMPTY = "Snapshot is empty"
NO_SNAPSHOT = ("Snapshot does not exist", "Snapshot not found")
NOT_READY = "not ready"
NOT_RUNNING = "Snapshot is not running"
WAIT_SECONDS = 10.0
MAX_TEXT = 500
State = Literal["pending", "ready", "failed"]
_STATES: Mapping[str, State] = {
    "ready": "ready",
    "failed": "failed",
    "error": "failed",
    "canceled": "failed",
    "cancelled": "failed",
}


def text_of(answer: Answer) -> str:
    """The sentence in a refusal: from JSON or plain text, of a failed input with its number and fields."""
    if answer.ok:
        return "HTTP 200 with something else than was asked for"
    body = answer.json
    if isinstance(body, dict):
        text = _sentence(body)
    else:
        text = f"HTTP {answer.status}" if answer.text.startswith("<") else answer.text
    return (text or f"HTTP {answer.status}")[:MAX_TEXT]


def _sentence(body: Mapping[str, Any]) -> str:
    said = body.get("error") or body.get("error_message") or body.get("message") or body.get("validation_errors") or ""
    text = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
    errors = body.get("errors")
    if not isinstance(errors, list):
        return text
    fields = (": ".join(map(str, pair)) if isinstance(pair, list) else str(pair) for pair in errors)
    return f"{text}: input {body.get('index', '?')}: {'; '.join(fields)}"


def not_ready(answer: Answer) -> NotReady:
    """A wait: as long as the header says, else as the sentence says, else ten seconds."""
    told = re.search(r"(\d{1,4})\s?s\b", text_of(answer))
    return NotReady(text_of(answer), retry_after=answer.retry_after or (float(told[1]) if told else WAIT_SECONDS))


def refusal(answer: Answer, *, about: str = "") -> Problem:
    """The Problem in an answer that is no success; ``about`` is the snapshot it was about, if any."""
    text = f"{about}: {text_of(answer)}" if about else text_of(answer)
    if answer.status in (UNAUTHORIZED, FORBIDDEN):
        return ProviderAuth(text)
    if answer.status == TOO_MANY_REQUESTS:
        full = "running jobs" in text.lower()
        return (DatasetFull if full else ProviderRateLimited)(text, retry_after=answer.retry_after)
    if about and answer.status in (ACCEPTED, *REFUSALS):
        return _snapshot_refusal(answer, text)
    if answer.refused:
        return ProviderRejected(text)
    return ProviderUnavailable(text, retry_after=answer.retry_after)


def _snapshot_refusal(answer: Answer, text: str) -> Problem:
    if answer.status in (ACCEPTED, CONFLICT) or NOT_READY in text:
        return not_ready(answer)
    if answer.status == GONE or "expired" in text:
        return ResultExpired(text)
    if answer.status == NOT_FOUND:
        return SnapshotMissing(text)
    return ProviderRejected(text) if answer.refused else ProviderUnavailable(text)


def progress_of(answer: Answer) -> Progress | None:
    """What a progress call says; None if it is not understood. An unknown status means: still working."""
    body = answer.json
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, str) or not status:
        return None
    records, errors = _count(body, "records"), _count(body, "errors")
    message = _sentence({"error_message": body.get("error_message")}) or _codes(body)
    state: State = _STATES.get(status.lower(), "pending")
    if state == "failed" and message.startswith(EMPTY):
        state, records = "ready", 0
    return Progress(
        state=state,
        status=status,
        records=records,
        errors=errors,
        message=message[:MAX_TEXT],
        marker=f"{status}/{records}/{errors}/{_codes(body)}",
        retry_after=answer.retry_after,
    )


def _count(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _codes(body: Mapping[str, Any]) -> str:
    codes = body.get("error_codes")
    return ", ".join(f"{code}: {count}" for code, count in codes.items()) if isinstance(codes, dict) else ""

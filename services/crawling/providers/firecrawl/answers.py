"""What the provider's answers mean: its refusals as Problems, its words as progress and pages."""

from typing import Any

import msgspec
from msgspec import Struct

from schemas.problem import Problem
from services.crawling.ports import Progress
from services.crawling.provider_client import (
    FORBIDDEN,
    GONE,
    NOT_FOUND,
    PAYMENT_REQUIRED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    Answer,
)
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
)
from services.crawling.result.gunzip import ResultTruncated
from services.crawling.result.ndjson import ResultNotData, ResultTooLarge

MAX_TEXT = 500
ENDED = {"completed": "ready", "failed": "failed", "cancelled": "failed"}
_BY_STATUS: dict[int, type[Problem]] = {
    UNAUTHORIZED: ProviderAuth,
    PAYMENT_REQUIRED: ProviderOutOfCredits,
    FORBIDDEN: ProviderRejected,  # a site that Firecrawl does not serve; wrong keys are told by 401
    GONE: ResultExpired,
}


class Page(Struct, frozen=True, kw_only=True):
    """One answer about a job: how it is doing, and some of its documents as they came."""

    status: str
    completed: int
    more: bool
    documents: list[bytes]


class _Told(msgspec.Struct):
    status: str
    completed: int = 0
    next: str | None = None
    data: list[msgspec.Raw] = []


def text_of(answer: Answer) -> str:
    """The sentence in a refusal."""
    body = answer.json
    if isinstance(body, dict) and body.get("error"):
        details = body.get("details")
        return f"{body['error']}{f': {details}' if details else ''}"[:MAX_TEXT]
    words = "" if answer.ok or answer.text.startswith("<") else answer.text
    return (words or f"HTTP {answer.status} with something else than was asked for")[:MAX_TEXT]


def refusal(answer: Answer, *, about: str = "") -> Problem:
    """The Problem in an answer that is no success; ``about`` is the snapshot it was about, if any."""
    text = f"{about}: {text_of(answer)}" if about else text_of(answer)
    if answer.status == TOO_MANY_REQUESTS:
        return ProviderRateLimited(text, retry_after=answer.retry_after)
    if about and answer.status == NOT_FOUND:
        return (ResultExpired if "expired" in text.lower() else SnapshotMissing)(text)
    if answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status](text)
    return ProviderRejected(text) if answer.refused else ProviderUnavailable(text, retry_after=answer.retry_after)


def progress_of(answer: Answer, *, about: str) -> Progress:
    """What a status says. An unknown word means: still working. Raises ``ProviderUnavailable`` for what is none."""
    body = answer.json
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, str) or not status:
        raise ProviderUnavailable(f"{about}: {text_of(answer)}")
    completed, total = _count(body, "completed"), _count(body, "total")
    warning = body.get("warning")
    return Progress(
        state=ENDED.get(status.lower(), "pending"),  # type: ignore[arg-type]  # the words of Progress
        status=status,
        records=completed,
        message=str(body.get("error") or warning or "")[:MAX_TEXT],
        marker=f"{status}/{completed}/{total}",
        retry_after=answer.retry_after,
        warnings=(f"the provider says: {warning}"[:MAX_TEXT],) if warning else (),
    )


def page_of(answer: Answer, *, about: str) -> Page:
    """One page of documents. Raises ``ResultTooLarge``, ``ResultNotData``, ``ResultTruncated``."""
    if answer.cut:
        raise ResultTooLarge(f"{about}: one page is over {len(answer.body) - 1} bytes")
    if answer.text[:1] != "{":
        raise ResultNotData(f"{about}: a page starts with {answer.text[:40]!r}")
    try:
        told = msgspec.json.decode(answer.body, type=_Told)
    except (ValueError, RecursionError) as error:
        raise ResultTruncated(f"{about}: a page is no whole JSON") from error
    documents = [bytes(one) for one in told.data]
    return Page(status=told.status, completed=told.completed, more=bool(told.next), documents=documents)


def failures_of(answer: Answer, *, about: str) -> list[dict[str, Any]]:
    """The pages that failed, as error records. Raises ``ProviderUnavailable`` for an answer that is none."""
    body = answer.json
    if not isinstance(body, dict):
        raise ProviderUnavailable(f"{about}: {text_of(answer)}")
    failed = [one for one in body.get("errors") or [] if isinstance(one, dict)]
    forbidden = [str(url) for url in body.get("robotsBlocked") or []]
    return [
        *(
            {
                "error": str(one.get("error") or "failed"),
                "error_code": str(one.get("code") or "SCRAPE_FAILED"),
                "input": {"url": one.get("url")},
                "timestamp": one.get("timestamp"),
            }
            for one in failed
        ),
        *(
            {"error": "robots.txt forbids this page", "error_code": "ROBOTS_BLOCKED", "input": {"url": url}}
            for url in forbidden
        ),
    ]


def _count(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

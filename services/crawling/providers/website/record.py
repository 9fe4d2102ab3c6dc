"""One line of the result: a page, or why there is none."""

import gzip
from datetime import datetime
from typing import Any

import msgspec

from services.crawling.providers.website.fetching import Fetched, NoPage
from services.crawling.providers.website.reading import Content
from services.crawling.providers.website.scope import MOST_LINKS

_LEVEL = 6


def page_line(url: str, *, depth: int, fetched: Fetched, content: Content, html: bool, at: datetime) -> bytes:
    """The record of a page, as a gzip member."""
    record = {
        **_common(url, depth, at),
        "final_url": fetched.url,
        "status": fetched.status,
        "content_type": fetched.content_type,
        "title": content.title,
        "text": content.text,
        "links": content.links[:MOST_LINKS],
        "truncated": content.cut,
        "error": None,
    }
    return _packed(record | ({"html": content.source} if html else {}))


def error_line(url: str, *, depth: int, problem: NoPage, at: datetime) -> bytes:
    """The record of a page that did not come, as a gzip member; readers of results count it as an error."""
    told = {"final_url": None, "status": problem.status, "error_code": problem.code, "error": problem.message}
    return _packed(_common(url, depth, at) | told)


def _common(url: str, depth: int, at: datetime) -> dict[str, Any]:
    return {"url": url, "depth": depth, "fetched_at": at.isoformat()}


def _packed(record: dict[str, Any]) -> bytes:
    line = msgspec.json.encode(_valid(record))
    return gzip.compress(line + b"\n", _LEVEL, mtime=0)


def _valid(value: Any) -> Any:
    """The same without halves of characters, which no UTF-8 can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: _valid(one) for name, one in value.items()}
    return [_valid(one) for one in value] if isinstance(value, list) else value

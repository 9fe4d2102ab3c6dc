"""What a record of any provider says as a document: its address, its title, its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from services.documents.page import MAX_TITLE, MAX_URL, kept

MAX_DOCUMENT = 100_000  # characters

# In the order in which they are asked: Firecrawl's pages, those of our own browser, Bright Data's data sets.
_MAIN = (
    "markdown",
    "text",
    "content",
    "body",
    "post_text",
    "comment_text",
    "review_text",
    "caption",
    "description",
    "about",
    "summary",
)
_TITLES = ("title", "name", "headline", "post_title", "product_name", "page_name")
_ADDRESSES = ("url", "sourceURL", "post_url", "product_url", "final_url", "link")
_SOURCES = frozenset({"html", "rawHtml"})  # the same page once more, in its own language
# what our own browser says of its request, which is nothing that stands on the page
_REQUEST = frozenset({"depth", "fetched_at", "final_url", "status", "content_type", "truncated"})


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """A document to be; ``ordinal`` is the line of its record, from 1."""

    ordinal: int
    url: str
    title: str
    text: str


def extracted(lines: list[bytes], *, first: int) -> list[Extracted]:
    """The documents in these lines, of which the first has this number; error records are none."""
    found = ((number, _record(line)) for number, line in enumerate(lines, start=first))
    return [_document(record, number) for number, record in found if record is not None]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and not _is_error(said) else None


def _is_error(record: Mapping[str, Any]) -> bool:
    """Whether the provider tells here of an input that failed, as ``crawling`` counts them."""
    return bool(record.get("error_code")) or bool(record.get("error") and "input" in record)


def _document(record: Mapping[str, Any], number: int) -> Extracted:
    about, asked = record.get("metadata"), record.get("input")
    below = [one for one in (about, asked) if isinstance(one, dict)]
    url, title = _first(_ADDRESSES, record, *below), _first(_TITLES, record, *below[:1])
    said = next((name for name in _MAIN if _text(record.get(name))), None)
    main = [_text(record.get(said))] if said else []
    request = _REQUEST if record.keys() >= _REQUEST else frozenset()
    text = "\n".join([*main, *_members(record, without=_SOURCES | request | {said, "url", "title"})])
    return Extracted(
        ordinal=number, url=kept(url, MAX_URL), title=kept(title, MAX_TITLE), text=kept(text, MAX_DOCUMENT)
    )


def _first(names: tuple[str, ...], *places: Mapping[str, Any]) -> str:
    return next((said for place in places for name in names if (said := _text(place.get(name)))), "")


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _members(record: Mapping[str, Any], *, without: frozenset[str | None]) -> Iterator[str]:
    """Whatever else it says of itself, a line each; lists and objects are left out."""
    for name, value in record.items():
        if name in without or value is None or value == "":
            continue
        if isinstance(value, str | int | float):
            said = str(value).lower() if isinstance(value, bool) else value
            yield f"{name.replace('_', ' ')}: {said}"

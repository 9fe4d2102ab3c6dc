"""What stands in a page: title, text, links. Whoever wrote it, reading it takes a bounded time."""

import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import ClassVar
from urllib.parse import urljoin

from services.crawling.providers.website.fetching import Fetched
from services.crawling.providers.website.scope import MOST_LINKS

READ_SECONDS = 5.0
MOST_TEXT = 1_000_000  # characters
_PIECE = 16 << 10
_MOST_PENDING = 1 << 20  # characters of one tag that does not end
_MARKED_WITHIN = 2048
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

_BLOCKS = (
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
    *("table", "td", "th", "tr", "ul", "title"),
)


@dataclass(frozen=True, kw_only=True)
class Content:
    """A page as it is read. ``links`` are absolute; ``cut`` says that not all of it was read."""

    title: str
    text: str
    links: list[str]
    source: str
    cut: bool = False


@dataclass
class _Reader(HTMLParser):
    """Collects what a reader would see."""

    base: str
    title: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    links: dict[str, None] = field(default_factory=dict)
    size: int = 0

    unread: ClassVar[frozenset[str]] = frozenset({"script", "style", "noscript", "template", "svg", "iframe"})
    blocks: ClassVar[frozenset[str]] = frozenset(_BLOCKS)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: str | None = None
        self._within_title = False
        self.follow = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}
        if self._inside is None and tag in self.unread:
            self._inside = tag
        self._within_title = tag == "title" and not self.title
        if tag == "base" and given.get("href"):
            self.base = _joined(self.base, given["href"]) or self.base
        elif tag == "meta" and given.get("name", "").lower() in {"robots", "headrace"}:
            self.follow = self.follow and "nofollow" not in given.get("content", "").lower()
        elif tag in {"a", "area"} and "nofollow" not in given.get("rel", "").lower().split():
            self._link(given.get("href", ""))
        if tag in self.blocks:
            self._say("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None
        if tag == "title":
            self._within_title = False
        if tag in self.blocks:
            self._say("\n")

    def handle_data(self, data: str) -> None:
        if self._within_title:
            self.title.append(data)
        elif self._inside is None:
            self._say(data)

    def _link(self, href: str) -> None:
        if href and len(self.links) < MOST_LINKS and (made := _joined(self.base, href)):
            self.links.setdefault(made.partition("#")[0])

    def _say(self, data: str) -> None:
        if self.size < MOST_TEXT:
            self.text.append(data[: MOST_TEXT - self.size])
            self.size += len(data)


def read_page(fetched: Fetched, *, seconds: float = READ_SECONDS) -> Content:
    """Read HTML, or plain text as it is."""
    source = decoded(fetched)
    if fetched.content_type == "text/plain":
        return Content(title="", text=source[:MOST_TEXT], links=[], source=source, cut=len(source) > MOST_TEXT)
    reader, cut = _Reader(fetched.url), False
    ends_at = time.monotonic() + seconds
    for start in range(0, len(source), _PIECE):
        reader.feed(source[start : start + _PIECE])
        if time.monotonic() > ends_at or len(reader.rawdata) > _MOST_PENDING:
            cut = True
            break
    follow = reader.follow and "nofollow" not in fetched.headers.get("x-robots-tag", "").lower()
    return Content(
        title=_line("".join(reader.title))[:500],
        text=_paragraphs("".join(reader.text)),
        links=list(reader.links) if follow else [],
        source=source,
        cut=cut or reader.size > MOST_TEXT,
    )


def decoded(fetched: Fetched) -> str:
    """The text in an answer: by its byte order mark, its header, its own word, else as most pages are written."""
    body, named = fetched.body, _CHARSET.search(fetched.headers.get("content-type", "").encode())
    marks = [encoding for mark, encoding in _BOMS if body.startswith(mark)]
    own = named or _CHARSET.search(body[:_MARKED_WITHIN])
    for encoding in (*marks, *([own[1].decode()] if own else []), "utf-8"):
        try:
            return body.decode(encoding).replace("\0", "")
        except (LookupError, UnicodeError):
            continue
    return body.decode("cp1252", "replace").replace("\0", "")


def _joined(base: str, href: str) -> str | None:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return None


def _line(text: str) -> str:
    return " ".join(text.split())


def _paragraphs(text: str) -> str:
    return "\n".join(line for one in text.splitlines() if (line := _line(one)))

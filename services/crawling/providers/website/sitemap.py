"""Sitemaps: where a site says itself which pages it has. Bounded in number, depth, bytes and pages."""

import html
import re
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.crawling.providers.website.address import Address, address
from services.crawling.providers.website.fetching import Fetch, Fetched, NoPage
from services.crawling.providers.website.scope import belongs, worth_asking
from services.crawling.result.gunzip import MAGIC, Gunzip, ResultBomb, ResultCorrupt, ResultTruncated

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

MOST_FILES = 20
MOST_LEVELS = 3
MOST_BYTES = 10 << 20  # of one, unpacked
# No XML parser looks at it, so that entities stay what they are: text.
_PLACE = re.compile(rb"<loc>([^<]{1,4096})</loc>", re.IGNORECASE)
_INDEX = re.compile(rb"<sitemapindex[\s>]", re.IGNORECASE)
_HEAD = 4096


async def read_sitemaps(
    named: Iterable[str], *, fetch: Fetch, wished: "Wishes", hosts: list[str], most: int
) -> list[Address]:
    """The pages of the site that its sitemaps name, ``most`` at most; what cannot be read names none."""
    waiting = deque((url, 1) for url in named)
    seen: set[str] = set()
    found: dict[bytes, Address] = {}
    while waiting and len(seen) < MOST_FILES and len(found) < most:
        url, level = waiting.popleft()
        if url in seen:
            continue
        seen.add(url)
        text = await _text(url, fetch)
        places = [page for one in _PLACE.findall(text) if (page := _address(one)) is not None]
        if _INDEX.search(text[:_HEAD]):
            own = [one.url for one in places if belongs(one, wished, hosts)]
            waiting.extend((one, level + 1) for one in own[:MOST_FILES] if level < MOST_LEVELS)
            continue
        for page in places:
            if len(found) < most and worth_asking(page, wished, hosts):
                found.setdefault(page.key, page)
    return list(found.values())


async def _text(url: str, fetch: Fetch) -> bytes:
    try:
        return _unpacked(await fetch(url, most_bytes=MOST_BYTES))
    except NoPage:
        return b""


def _unpacked(answer: Fetched) -> bytes:
    if not answer.body.startswith(MAGIC):
        return answer.body
    gunzip, parts, size = Gunzip(), [], 0
    try:
        for block in gunzip.feed(answer.body):
            parts.append(block)
            size += len(block)
            if size > MOST_BYTES:
                break
    except (ResultBomb, ResultCorrupt, ResultTruncated):
        pass  # what came out until then is as good as any page of it
    return b"".join(parts)[:MOST_BYTES]


def _address(place: bytes) -> Address | None:
    return address(html.unescape(place.decode("utf-8", "replace")))

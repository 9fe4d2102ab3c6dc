"""Which pages belong to a site."""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from services.crawling.providers.website.address import Address, address
from services.crawling.providers.website.patterns import matches

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

MOST_LINKS = 2000  # of one page that are followed or told

# What these lead to has no text.
_ENDINGS = (
    *(".avif", ".bmp", ".css", ".gif", ".ico", ".jpeg", ".jpg", ".js", ".mjs", ".png", ".svg", ".webp", ".woff2"),
    *(".7z", ".avi", ".bin", ".dmg", ".exe", ".gz", ".iso", ".mov", ".mp3", ".mp4", ".rar", ".tar", ".webm", ".zip"),
)


def belongs(page: Address, wished: "Wishes", hosts: Collection[str]) -> bool:
    """Whether a page is on one of the site's hosts."""
    plain = page.host.removeprefix("www.")
    own = {host.removeprefix("www.") for host in hosts}
    return plain in own or (wished.subdomains and any(plain.endswith(f".{host}") for host in own))


def worth_asking(page: Address, wished: "Wishes", hosts: Collection[str]) -> bool:
    """Whether a page that was linked to is asked for."""
    if not belongs(page, wished, hosts) or page.repeats or page.path.lower().endswith(_ENDINGS):
        return False
    path = f"{page.path}?{page.query}" if page.query else page.path
    if wished.include and not matches(wished.include, url=page.url, path=path):
        return False
    return not matches(wished.exclude, url=page.url, path=path)


def followed(links: Iterable[str], wished: "Wishes", hosts: Collection[str]) -> Iterator[Address]:
    """The pages among links, each once."""
    seen: set[bytes] = set()
    for link in links:
        page = address(link)
        if page is not None and page.key not in seen and worth_asking(page, wished, hosts):
            seen.add(page.key)
            yield page

"""An order in Firecrawl's words."""

from collections.abc import Callable, Mapping
from typing import Any

from services.crawling.ports import Submission
from services.crawling.provider_problems import rejected

DEFAULT_LIMIT = 10_000
MARK = "headrace-"
EVENTS = ("started", "completed", "failed")


def _number(value: str) -> int:
    return int(value)


def _truth(value: str) -> bool:
    return {"true": True, "false": False}[value.lower()]


def _list(value: str) -> list[str]:
    return value.split()


_CRAWL: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("limit", "maxDiscoveryDepth", "delay"), _number),
    **dict.fromkeys(("includePaths", "excludePaths"), _list),
    **dict.fromkeys(
        (
            "ignoreQueryParameters",
            "deduplicateSimilarURLs",
            "regexOnFullURL",
            "crawlEntireDomain",
            "allowExternalLinks",
            "allowSubdomains",
            "ignoreRobotsTxt",
        ),
        _truth,
    ),
    **dict.fromkeys(("prompt", "sitemap", "robotsUserAgent"), str),
}
_BOTH: Mapping[str, Callable[[str], Any]] = {"maxConcurrency": _number, "zeroDataRetention": _truth}
_SCRAPE: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("maxAge", "timeout", "waitFor"), _number),
    **dict.fromkeys(("onlyMainContent", "mobile", "blockAds"), _truth),
    "formats": _list,
    "proxy": str,
}
OPTIONS = frozenset({*_CRAWL, *_BOTH, *_SCRAPE})
"""What an order may wish; lists are separated by spaces."""


def is_crawl(order: Submission) -> bool:
    """Whether a site is to be crawled, from its one URL, and not a list of pages fetched."""
    return not order.listed


def asked(order: Submission) -> int:
    """Most documents the order asks for. Raises ``ProviderRejected``."""
    return int(_read(_CRAWL, order).get("limit", DEFAULT_LIMIT)) if is_crawl(order) else len(order.inputs)


def body_of(order: Submission) -> dict[str, Any]:
    """The body of the order's request. Raises ``ProviderRejected`` for what Firecrawl could not mean."""
    urls = [_url_of(number, one) for number, one in enumerate(order.inputs)]
    both, scrape = _read(_BOTH, order), _read(_SCRAPE, order)
    hook = {"webhook": _webhook(order)} if order.notify_url is not None else {}
    if is_crawl(order):
        crawl = _read(_CRAWL, order)
        paths = [*crawl.pop("excludePaths", []), mark(order)]
        more = {"scrapeOptions": scrape} if scrape else {}
        return {"url": urls[0], **crawl, "excludePaths": paths, **both, **more, **hook}
    if strange := sorted(_CRAWL.keys() & order.options.keys()):
        raise rejected(*((f"options.{name}", "only a crawl, an order of one `url`, takes that") for name in strange))
    return {"urls": urls, "ignoreInvalidURLs": False, **both, **scrape, **hook}


def mark(order: Submission) -> str:
    """What tells this purchase among the active crawls."""
    return f"{MARK}{order.purchase}"


def _url_of(number: int, given: Mapping[str, Any]) -> str:
    if set(given) != {"url"} or not isinstance(given["url"], str):
        raise rejected((f"inputs.{number}", "Firecrawl takes a `url` and nothing else"))
    return given["url"]


def _read(readers: Mapping[str, Callable[[str], Any]], order: Submission) -> dict[str, Any]:
    return {name: _option(name, order.options[name], read) for name, read in readers.items() if name in order.options}


def _option(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except (ValueError, KeyError):
        wanted = "a whole number" if read is _number else "true or false"
        raise rejected((f"options.{name}", f"must be {wanted}")) from None


def _webhook(order: Submission) -> dict[str, Any]:
    return {
        "url": order.notify_url,
        "headers": {"Authorization": order.notify_authorization or ""},
        "metadata": {"headrace_crawl_id": str(order.correlation)},
        "events": list(EVENTS),
    }

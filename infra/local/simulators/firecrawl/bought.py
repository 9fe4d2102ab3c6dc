"""A bought job: what its state is at a moment, which documents it has by then, what failed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from infra.local.simulators.firecrawl.script import Script, parse
from infra.local.simulators.scripted import join, sim_of

PAGE_DOCUMENTS = 100
PAGE_BYTES = 10 << 20
DEFAULT_LIMIT = 10_000
Kind = Literal["crawl", "batch"]


def instant(moment: float) -> str:
    """Unix seconds as the provider writes them."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Bought:
    """One purchase. ``body`` is what was sent, ``house`` and ``amended`` are sim texts."""

    id: str
    kind: Kind
    body: Mapping[str, Any]
    created: float  # Unix seconds
    house: str = ""
    amended: str = ""
    cancelled: float | None = None
    notified: bool = False

    @property
    def script(self) -> Script:
        """What the job was asked to do, by the house, by its URLs and afterwards."""
        return parse(join(self.house, self._wishes, self.amended))

    @cached_property
    def _wishes(self) -> str:
        return join(*(sim_of(url) for url in self.urls))

    @cached_property
    def urls(self) -> list[str]:
        """What was ordered."""
        return [str(self.body["url"])] if self.kind == "crawl" else [str(url) for url in self.body["urls"]]

    @property
    def limit(self) -> int:
        """The limit that holds: the one asked for, or what the credits allow."""
        asked = int(self.body.get("limit", DEFAULT_LIMIT)) if self.kind == "crawl" else len(self.urls)
        return asked if self.script.clamp is None else min(asked, self.script.clamp)

    @property
    def total(self) -> int:
        """Documents it has in the end."""
        pages = self.script.documents if self.kind == "crawl" else len(self.urls) - self.script.errors
        return max(0, min(pages, self.limit))

    def status(self, now: float) -> str:
        """The provider's word."""
        if self.cancelled is not None:
            return "cancelled"
        if now - self.created < self.script.ready_after:
            return self.script.status or "scraping"
        return "failed" if self.script.failed else "completed"

    def pending(self, now: float) -> bool:
        """Whether it still works."""
        return self.cancelled is None and now - self.created < self.script.ready_after

    def expired(self, now: float) -> bool:
        """Whether its results are thrown away."""
        return now - self.created >= self.script.expires_after

    def completed(self, now: float) -> int:
        """Documents there are by now; a cancelled job keeps those it had."""
        age, script = (self.cancelled or now) - self.created, self.script
        if age >= script.ready_after:
            return self.total
        if age < script.kickoff:
            return 0
        return int(self.total * (age - script.kickoff) / max(1e-9, script.ready_after - script.kickoff))

    def found(self, now: float) -> int:
        """The growing total."""
        done = self.completed(now)
        return done if not self.pending(now) else min(self.total, 2 * done)

    def document(self, number: int) -> dict[str, Any]:
        """One document, from 0."""
        url = self.urls[number] if self.kind == "batch" else f"{self.urls[0].partition('?')[0].rstrip('/')}/{number}"
        text = f"# Page {number}\n\nWhat stands on {url}.\n"
        text += "Water runs downhill. " * (max(0, self.script.document_bytes - len(text)) // 21 + 1)
        about = {"title": f"Page {number}", "sourceURL": url, "url": url, "statusCode": 200, "creditsUsed": 1}
        return {"markdown": text, "metadata": about | {"contentType": "text/html", "scrapeId": f"{self.id}-{number}"}}

    def page(self, skip: int, limit: int, now: float) -> list[dict[str, Any]]:
        """Documents from ``skip`` on: as many as fit, and one in any case."""
        most = min(limit, PAGE_DOCUMENTS)
        found: list[dict[str, Any]] = []
        size = 0
        for document in self._from(skip, now):
            size += len(json.dumps(document))
            if found and (size > PAGE_BYTES or len(found) >= most):
                break
            found.append(document)
        return found

    def _from(self, skip: int, now: float) -> Iterator[dict[str, Any]]:
        yield from (self.document(number) for number in range(skip, self.completed(now)))

    def failures(self) -> dict[str, Any]:
        """The body of /errors."""
        names = (f"{self.urls[0].partition('?')[0].rstrip('/')}/{word}" for word in ("broken", "forbidden"))
        broken, forbidden = names
        errors = [
            {
                "id": f"{self.id}-error-{number}",
                "timestamp": instant(self.created),
                "url": f"{broken}/{number}",
                "code": "SCRAPE_DNS_RESOLUTION_ERROR",
                "error": "The name of the page's host leads nowhere",
            }
            for number in range(self.script.errors)
        ]
        return {"errors": errors, "robotsBlocked": [f"{forbidden}/{number}" for number in range(self.script.robots)]}

"""The simulator behind its HTTP face: what is bought, what is refused, which fault comes next."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from infra.local.simulators.firecrawl.bought import Bought, Kind
from infra.local.simulators.firecrawl.ledger import Ledger
from infra.local.simulators.firecrawl.script import parse
from infra.local.simulators.scripted import Fault, join, sim_of


class Refusal(Exception):
    """The answer to a call that cannot be served; the caller of the simulator sees it as it is."""

    def __init__(self, status: int, error: str, *, bare: bool = False, **more: Any) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.body = ({} if bare else {"success": False}) | {"error": error} | more


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """All state of one running simulator. ``clock`` tells Unix seconds."""

    ledger: Ledger
    clock: Callable[[], float]
    sim: str = ""  # applies to every purchase
    token: str | None = None  # None: any bearer will do
    secret: str | None = None  # signs webhooks; None: they come unsigned

    def key(self, given: str | None) -> None:
        """Take an idempotency key, before anything else is looked at. Raises ``Refusal`` 409, 400."""
        if given is None:
            return
        try:
            UUID(given)
        except ValueError as error:
            raise Refusal(400, "Invalid idempotency key") from error
        if not self.ledger.key(given):
            raise Refusal(409, "Idempotency key already used")

    def buy(self, kind: Kind, body: Mapping[str, Any]) -> Bought:
        """Take an order. Raises ``Refusal`` 400, 402."""
        urls = [body.get("url")] if kind == "crawl" else body.get("urls")
        if not isinstance(urls, list) or not urls:
            raise Refusal(400, "Bad Request", details=[{"path": ["urls"], "message": "Required"}])
        if any(not isinstance(url, str) or not urlsplit(url).hostname for url in urls):
            raise Refusal(400, "Bad Request", details=[{"path": ["url"], "message": "Invalid URL"}])
        if parse(join(self.sim, *map(sim_of, urls))).clamp == 0:
            raise Refusal(402, "Insufficient credits to perform this request.")
        return self.ledger.buy(str(uuid4()), kind, body, house=self.sim, now=self.clock())

    def find(self, kind: Kind, job_id: str) -> Bought:
        """A job the provider knows of. Raises ``Refusal`` 404."""
        job = self.ledger.jobs.get(job_id)
        if job is None or job.kind != kind:
            raise Refusal(404, "Job not found", bare=True)
        if job.expired(self.clock()):
            raise Refusal(404, "Job expired")
        return job

    def fault(self, call: str, job: Bought) -> Fault | None:
        """What goes wrong with this call about a job, entered as having happened."""
        return self._next(call, job.id, parse(join(job.house, *map(sim_of, job.urls), job.amended)).faults)

    def order_fault(self, body: Mapping[str, Any]) -> Fault | None:
        """What goes wrong with this order; equal pages count as the same customer trying again."""
        urls = [str(url) for url in body.get("urls") or [body.get("url")]]
        return self._next("submit", " ".join(urls), parse(join(self.sim, *map(sim_of, urls))).faults)

    def house_fault(self, call: str) -> Fault | None:
        """What goes wrong with a call about no job."""
        return self._next(call, "house", parse(self.sim).faults)

    def _next(self, call: str, owner: str, faults: tuple[Fault, ...]) -> Fault | None:
        return next((f for f in faults if f.call == call and self.ledger.use(owner, f)), None)

    def account(self) -> dict[str, Any]:
        """The ledger, for tests to compare with."""
        now = self.clock()
        jobs = [
            {
                "id": job.id,
                "kind": job.kind,
                "body": job.body,
                "limit": job.limit,
                "status": job.status(now),
                "documents": job.total,
            }
            for job in self.ledger.jobs.values()
        ]
        return {"jobs": jobs, "calls": dict(self.ledger.calls)}


def new_delivery() -> str:
    """The id of one webhook delivery."""
    return str(UUID(bytes=secrets.token_bytes(16), version=4))

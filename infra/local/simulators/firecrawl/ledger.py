"""The ledger: everything that happened."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.simulators.firecrawl.bought import Bought, Kind
from infra.local.simulators.journal import Journal
from infra.local.simulators.scripted import join


class Ledger(Journal):
    """What was bought and called."""

    def __init__(self, path: Path | None = None) -> None:
        self.jobs: dict[str, Bought] = {}
        self.keys: set[str] = set()
        self.calls: Counter[str] = Counter()
        super().__init__(path)

    def buy(self, job_id: str, kind: Kind, body: Mapping[str, Any], *, house: str, now: float) -> Bought:
        """Enter a purchase."""
        self._note(kind="bought", id=job_id, what=kind, body=dict(body), house=house, created=now)
        return self.jobs[job_id]

    def _on_bought(self, event: Mapping[str, Any]) -> None:
        self.jobs[event["id"]] = Bought(
            id=event["id"], kind=event["what"], body=event["body"], created=event["created"], house=event["house"]
        )

    def key(self, key: str) -> bool:
        """Enter an idempotency key; False where it was used before."""
        if key in self.keys:
            return False
        self._note(kind="keyed", key=key)
        return True

    def _on_keyed(self, event: Mapping[str, Any]) -> None:
        self.keys.add(event["key"])

    def count(self, call: str) -> None:
        """Enter a call."""
        self._note(kind="called", call=call)

    def _on_called(self, event: Mapping[str, Any]) -> None:
        self.calls[event["call"]] += 1

    def cancel(self, job: Bought, now: float) -> None:
        """Enter a cancellation."""
        self._note(kind="cancelled", id=job.id, at=now)

    def _on_cancelled(self, event: Mapping[str, Any]) -> None:
        self.jobs[event["id"]].cancelled = event["at"]

    def notified(self, job: Bought) -> None:
        """Enter that its webhooks were called."""
        self._note(kind="notified", id=job.id)

    def _on_notified(self, event: Mapping[str, Any]) -> None:
        self.jobs[event["id"]].notified = True

    def amend(self, job_id: str, sim: str) -> None:
        """Enter what somebody wants of a job that exists."""
        self._note(kind="amended", id=job_id, sim=sim)

    def _on_amended(self, event: Mapping[str, Any]) -> None:
        job = self.jobs[event["id"]]
        job.amended = join(job.amended, event["sim"])

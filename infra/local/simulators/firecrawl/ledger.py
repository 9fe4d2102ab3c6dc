"""The ledger: everything that happened, as an append-only journal that survives a kill -9 of the simulator."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra.local.simulators.firecrawl.bought import Bought, Kind
from infra.local.simulators.firecrawl.script import Fault, join


class Ledger:
    """What was bought and called. Every change is one event, written before it is applied."""

    def __init__(self, path: Path | None = None) -> None:
        self.jobs: dict[str, Bought] = {}
        self.keys: set[str] = set()
        self.calls: Counter[str] = Counter()
        self._uses: Counter[tuple[str, str]] = Counter()
        self._journal: int | None = None
        if path is not None:
            for event in _read(path):
                self._apply(event)
            self._journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(self._journal, b"\n")  # ends the half line a lost machine may have left

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None

    def _note(self, **event: Any) -> None:
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        if self._journal is not None:
            os.write(self._journal, line.encode())  # one write a line: a kill leaves whole lines
        self._apply(event)

    def _apply(self, event: Mapping[str, Any]) -> None:
        getattr(self, f"_on_{event['kind']}")(event)

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

    def use(self, owner: str, fault: Fault) -> bool:
        """Whether a fault may happen once more to this owner; if so that is entered."""
        if fault.times is None:
            return True
        if self._uses[owner, fault.text] >= fault.times:
            return False
        self._note(kind="used", owner=owner, fault=fault.text)
        return True

    def _on_used(self, event: Mapping[str, Any]) -> None:
        self._uses[event["owner"], event["fault"]] += 1

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


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        with suppress(ValueError):  # empty, or half a line
            yield json.loads(line)

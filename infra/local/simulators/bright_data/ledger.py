"""The ledger: everything that happened, as an append-only journal that survives a kill -9 of the simulator."""

import json
import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.local.simulators.bright_data.orders import Order
from infra.local.simulators.bright_data.script import Fault, join
from infra.local.simulators.bright_data.snapshots import Snapshot

BLOCK_AFTER = 25  # answers of 429 ...
BLOCK_WINDOW = 300.0  # ... within these seconds, and the address is refused until somebody lifts it


@dataclass
class Standing:
    """A script an admin left for purchases to come. ``times`` counts purchases; None is for good."""

    number: int
    sim: str
    dataset_id: str | None
    times: int | None

    def fits(self, dataset_id: str) -> bool:
        """Whether a purchase of this dataset is meant."""
        return self.times != 0 and self.dataset_id in {None, dataset_id}


@dataclass
class _Address:
    refusals: deque[float] = field(default_factory=lambda: deque(maxlen=BLOCK_AFTER))
    blocked: bool = False


class Ledger:
    """What was bought and called. Every change is one event, written before it is applied."""

    def __init__(self, path: Path | None = None) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.standing: list[Standing] = []
        self.calls: Counter[str] = Counter()
        self.too_many_requests = 0
        self._uses: Counter[tuple[str, str]] = Counter()
        self._addresses: dict[str, _Address] = {}
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

    def buy(self, snapshot_id: str, order: Order, *, sim: str, now: float) -> Snapshot:
        """Enter a purchase."""
        self._note(kind="bought", id=snapshot_id, order=asdict(order), sim=sim, created=now)
        return self.snapshots[snapshot_id]

    def _on_bought(self, event: Mapping[str, Any]) -> None:
        order = Order(**event["order"])
        bought = Snapshot(id=event["id"], order=order, created=event["created"], sim=event["sim"])
        bought.calls["trigger"] = 1
        self.snapshots[bought.id] = bought
        for script in self.standing:
            if script.times and script.fits(order.dataset_id):
                script.times -= 1

    def count(self, call: str, snapshot_id: str | None = None) -> None:
        """Enter a call."""
        self._note(kind="called", call=call, id=snapshot_id)

    def _on_called(self, event: Mapping[str, Any]) -> None:
        self.calls[event["call"]] += 1
        if event["id"] in self.snapshots:
            self.snapshots[event["id"]].calls[event["call"]] += 1

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

    def refuse(self, address: str, now: float) -> None:
        """Enter a 429; one too many blocks the address."""
        self._note(kind="refused", address=address, at=now)

    def _on_refused(self, event: Mapping[str, Any]) -> None:
        self.too_many_requests += 1
        known = self._addresses.setdefault(event["address"], _Address())
        known.refusals.append(event["at"])
        if len(known.refusals) == BLOCK_AFTER and event["at"] - known.refusals[0] <= BLOCK_WINDOW:
            known.blocked = True

    def blocked(self) -> list[str]:
        """Addresses nobody answers any more."""
        return [address for address, known in self._addresses.items() if known.blocked]

    def unblock(self) -> None:
        """What the provider's support does: forgive all addresses."""
        self._note(kind="unblocked")

    def _on_unblocked(self, _: Mapping[str, Any]) -> None:
        self._addresses.clear()

    def cancel(self, snapshot: Snapshot, now: float) -> None:
        """Enter a cancellation."""
        self._note(kind="cancelled", id=snapshot.id, at=now)

    def _on_cancelled(self, event: Mapping[str, Any]) -> None:
        self.snapshots[event["id"]].cancelled = event["at"]

    def notified(self, snapshot: Snapshot) -> None:
        """Enter that its webhooks were called."""
        self._note(kind="notified", id=snapshot.id)

    def _on_notified(self, event: Mapping[str, Any]) -> None:
        self.snapshots[event["id"]].notified = True

    def script(self, sim: str, *, snapshot_id: str | None, dataset_id: str | None, times: int | None) -> None:
        """Enter an admin's wish, for a snapshot that exists or for purchases to come."""
        self._note(kind="scripted", sim=sim, id=snapshot_id, dataset_id=dataset_id, times=times)

    def _on_scripted(self, event: Mapping[str, Any]) -> None:
        if event["id"] is None:
            number = len(self.standing) + 1
            self.standing.append(Standing(number, event["sim"], event["dataset_id"], event["times"]))
        else:
            amended = self.snapshots[event["id"]]
            amended.amended = join(amended.amended, event["sim"])

    def unscript(self) -> None:
        """End every standing script."""
        self._note(kind="unscripted")

    def _on_unscripted(self, _: Mapping[str, Any]) -> None:
        for script in self.standing:
            script.times = 0


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        with suppress(ValueError):  # empty, or half a line
            yield json.loads(line)

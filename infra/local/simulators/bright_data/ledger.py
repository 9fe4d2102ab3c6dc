"""The ledger: everything that happened."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.local.simulators.bright_data.orders import Order
from infra.local.simulators.bright_data.snapshots import Snapshot
from infra.local.simulators.journal import Journal
from infra.local.simulators.scripted import join

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


class Ledger(Journal):
    """What was bought and called."""

    def __init__(self, path: Path | None = None) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.standing: list[Standing] = []
        self.calls: Counter[str] = Counter()
        self.too_many_requests = 0
        self._addresses: dict[str, _Address] = {}
        super().__init__(path)

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

"""The simulator behind its HTTP face: who may call, what is bought, which fault comes next."""

import asyncio
import secrets
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from infra.local.simulators.bright_data.answers import NO_SNAPSHOT, TOO_MANY, Refusal
from infra.local.simulators.bright_data.ledger import Ledger, Standing
from infra.local.simulators.bright_data.orders import Order
from infra.local.simulators.bright_data.records.bodies import digest
from infra.local.simulators.bright_data.script import parse, strikes
from infra.local.simulators.bright_data.snapshots import Snapshot, instant, seed_of
from infra.local.simulators.scripted import Fault, join, sim_of


def _new_id() -> str:
    return "sd_" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(18))


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """All state of one running simulator. ``clock`` tells Unix seconds."""

    ledger: Ledger
    clock: Callable[[], float]
    sim: str = ""  # applies to every purchase
    token: str | None = None  # None: any bearer will do
    running_limit: int | None = None  # unfinished snapshots a dataset; None: no limit

    def find(self, snapshot_id: str, *, missing: Any = NO_SNAPSHOT) -> Snapshot:
        """A snapshot the provider knows of. Raises ``Refusal`` 404."""
        found = self.ledger.snapshots.get(snapshot_id)
        if found is None or found.hidden(self.clock()):
            raise Refusal(404, missing)
        return found

    def buy(self, order: Order) -> Snapshot:
        """Take an order. Raises ``Refusal`` 429 where a limit of running snapshots is reached."""
        now = self.clock()
        if self.running_limit is not None:
            owned = (s for s in self.ledger.snapshots.values() if s.order.dataset_id == order.dataset_id)
            running = sum(snapshot.pending(now) for snapshot in owned)
            if running >= self.running_limit:
                self.ledger.refuse(order.ip, now)
                raise Refusal(429, TOO_MANY.format(running=running, limit=self.running_limit))
        sims = (script.sim for script in self._standing(order.dataset_id))
        return self.ledger.buy(_new_id(), order, sim=join(self.sim, *sims), now=now)

    def _standing(self, dataset_id: str) -> Iterator[Standing]:
        return (script for script in self.ledger.standing if script.fits(dataset_id))

    def fault(self, call: str, snapshot: Snapshot) -> Fault | None:
        """What goes wrong with this call about a snapshot, entered as having happened."""
        return self._next(call, snapshot.id, snapshot.script.faults)

    def trigger_fault(self, order: Order) -> Fault | None:
        """What goes wrong with this trigger; the same inputs count as the same customer trying again."""
        wishes = join(self.sim, *(sim_of(row.get("url")) for row in order.inputs))
        own = self._next("trigger", seed_of(order), parse(wishes).faults)
        return own or self._standing_fault("trigger", order.dataset_id)

    def list_fault(self, dataset_id: str) -> Fault | None:
        """What goes wrong with this listing."""
        house = self._next("list", "house", parse(self.sim).faults)
        return house or self._standing_fault("list", dataset_id)

    def _standing_fault(self, call: str, dataset_id: str) -> Fault | None:
        found = (self._next(call, f"script {s.number}", parse(s.sim).faults) for s in self._standing(dataset_id))
        return next(filter(None, found), None)

    def _next(self, call: str, owner: str, faults: Iterable[Fault]) -> Fault | None:
        return next((f for f in faults if strikes(f, call) and self.ledger.use(owner, f)), None)

    async def account(self, *, digests: bool) -> dict[str, Any]:
        """The ledger for tests to compare with; a digest reads the whole snapshot, so it may be left out."""
        bought = [await self._entry(snapshot, digests=digests) for snapshot in list(self.ledger.snapshots.values())]
        return {
            "snapshots": bought,
            "calls": dict(self.ledger.calls),
            "too_many_requests": self.ledger.too_many_requests,
            "blocked": self.ledger.blocked(),
        }

    async def _entry(self, snapshot: Snapshot, *, digests: bool) -> dict[str, Any]:
        plan = snapshot.plan
        sha256, size = await asyncio.to_thread(digest, plan) if digests else (None, None)
        return {
            "snapshot_id": snapshot.id,
            **asdict(snapshot.order),
            "correlation": snapshot.order.correlation,
            "created": instant(snapshot.created),
            "status": snapshot.status(self.clock()),
            "records": sum(plan.records),
            "errors": sum(plan.errors),
            "bad_lines": plan.bad_lines,
            "sha256": sha256,
            "size_bytes": size,
            "calls": {name: snapshot.calls[name] for name in ("trigger", "progress", "snapshot", "cancel")},
        }

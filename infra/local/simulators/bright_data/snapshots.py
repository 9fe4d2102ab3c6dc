"""A bought snapshot: what its state is at a moment, what it holds, what the provider says about it."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from infra.local.simulators.bright_data.orders import Order
from infra.local.simulators.bright_data.records.lines import Plan
from infra.local.simulators.bright_data.script import Script, parse
from infra.local.simulators.scripted import join, sim_of

_STARTING, _CLOSING = 0.1, 0.9  # shares of the time until ready


def seed_of(order: Order) -> str:
    """Hex digits that depend on the dataset and the inputs only."""
    text = json.dumps([order.dataset_id, list(order.inputs)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def instant(moment: float) -> str:
    """Unix seconds as the provider writes them."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Snapshot:
    """One purchase. ``sim`` is what it was asked to do from outside, ``amended`` what was asked later and wins."""

    id: str
    order: Order
    created: float  # Unix seconds
    sim: str = ""
    amended: str = ""
    cancelled: float | None = None
    notified: bool = False
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def script(self) -> Script:
        """What the whole snapshot was asked to do, by the house, by an admin and by its inputs."""
        return parse(join(self.sim, self._wishes, self.amended))

    @cached_property
    def _wishes(self) -> str:
        return join(*(sim_of(row.get("url")) for row in self.order.inputs))

    @cached_property
    def seed(self) -> str:
        """See ``seed_of``."""
        return seed_of(self.order)

    def status(self, now: float) -> str:
        """The provider's word: starting, running, closing, ready, failed, canceled, or a scripted one."""
        script, age = self.script, now - self.created
        if self.cancelled is not None:
            return "canceled"
        if age >= script.ready_after:
            return "failed" if script.failed else "ready"
        if script.status:
            return script.status
        share = age / script.ready_after
        return "starting" if share < _STARTING and age < 1 else "closing" if share >= _CLOSING else "running"

    def pending(self, now: float) -> bool:
        """Whether the provider is still at it."""
        return self.cancelled is None and now - self.created < self.script.ready_after

    def hidden(self, now: float) -> bool:
        """Whether the provider does not find it yet."""
        return now - self.created < self.script.hidden_for

    @property
    def plan(self) -> Plan:
        """What it holds, in lines."""
        options, left = self.order.options, int(self.order.options.get("limit_multiple_results", 1 << 62))
        most = int(options.get("limit_per_input", 1 << 62))
        records, errors = [], []
        for row in self.order.inputs:
            wish = parse(join(self.sim, sim_of(row.get("url")), self.amended))
            records.append(0 if self.cancelled else min(wish.records, most, left))
            errors.append(1 if self.cancelled else wish.errors)
            left -= records[-1]
        return Plan(
            seed=self.seed,
            inputs=tuple(json.dumps(row, ensure_ascii=False) for row in self.order.inputs),
            records=tuple(records),
            errors=tuple(errors),
            error=("Crawl aborted on job cancel", "aborted_page") if self.cancelled else Plan.error,
            error_lines=options.get("include_errors") == "true",
            discovery=options.get("type") == "discover_new",
            bad_lines=0 if self.cancelled else self.script.bad_lines,
            line_bytes=self.script.line_bytes,
        )

    def progress(self, now: float) -> dict[str, Any]:
        """The body of a progress call. Times in it are milliseconds."""
        status = self.status(now)
        about: dict[str, Any] = {"status": status, "snapshot_id": self.id, "dataset_id": self.order.dataset_id}
        if status == "failed":
            return {"status": status, "error_message": self.script.failed}
        if self.pending(now):
            return about | {"running_time": int((now - self.created) * 1000)}
        plan = self.plan
        if any(plan.errors):
            about["error_codes"] = {plan.error[1]: sum(plan.errors)}
        if status == "canceled":
            return about
        took = int(self.script.ready_after * 1000)
        counts = {"records": sum(plan.records) + self.script.count, "errors": sum(plan.errors)}
        return about | counts | {"collection_duration": took, "avg_duration_per_input": took // len(plan.inputs)}

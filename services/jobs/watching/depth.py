"""What is not over yet, in the words users see."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.jobs.rank import Priority
from services.jobs.shapes import STEPS_AS_STATUS, status
from services.jobs.store.queues import ALL

QUEUED = ("queued", "retrying")
PROCESSING = ("processing", *STEPS_AS_STATUS)


@dataclass(frozen=True)
class Depth:
    """Open jobs by status, and by priority how long the oldest ready one has been waiting for a worker."""

    jobs: Mapping[str, int]
    oldest: Mapping[str, float]

    @property
    def oldest_seconds(self) -> float:
        """Age of the job that has been ready the longest; 0 when none is."""
        return max(self.oldest.values(), default=0.0)

    def count(self, *statuses: str) -> int:
        """How many jobs have one of these."""
        return sum(self.jobs.get(one, 0) for one in statuses)


def depth(rows: Iterable[Mapping[str, Any]]) -> Depth:
    """The rows of ``store.depths``, summed up."""
    jobs: Counter[str] = Counter()
    oldest: dict[str, float] = {}
    for row in rows:
        said = status(state=row["state"], step=row["step"], tries=int(row["tried"]), started=row["started"])
        jobs[said] += row["count"]
        if row["age"] is not None:
            level = Priority(row["priority"]).name
            oldest[level] = max(0.0, row["age"], oldest.get(level, 0.0))
    return Depth(jobs, {level.name: round(oldest[level.name], 3) for level in Priority if level.name in oldest})


def by_queue(rows: Iterable[Mapping[str, Any]]) -> dict[str, Depth]:
    """The same for each queue."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["queue"], []).append(row)
    return {queue: depth(its) for queue, its in sorted(found.items())}


def is_paused(queue: str, queues: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether somebody stopped this queue, or all."""
    return any(queues[name]["paused_at"] is not None for name in (queue, ALL) if name in queues)

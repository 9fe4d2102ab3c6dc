"""How much of the workers' room is used: queue by queue, as none can use the room of another."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def utilisation(seen: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Per cent of the room that is used now, of each queue; over all it is that of the fullest queue.

    None where nobody works. Queues without work say nothing of whether workers are missing, so they are not averaged.
    """
    found = list(seen)
    slots, busy = by_queue(found, "slots"), by_queue(found, "busy")
    queues = [_queue(name, slots[name], busy[name]) for name in sorted(slots)]
    return {
        "count": len(found),
        "slots": slots.total(),
        "busy": sum(queue["busy"] for queue in queues),
        "utilisation": max((queue["utilisation"] for queue in queues), default=None),
        "queues": queues,
    }


def by_queue(seen: Iterable[Mapping[str, Any]], what: str) -> Counter[str]:
    """``slots`` or ``busy`` of all processes together, by queue."""
    total: Counter[str] = Counter()
    for worker in seen:
        total.update(worker[what])
    return total


def _queue(name: str, slots: int, busy: int) -> dict[str, Any]:
    # a job whose end is being written makes room before it is over
    share = min(100.0, round(100 * busy / slots, 1)) if slots else 100.0
    return {"queue": name, "slots": slots, "busy": busy, "utilisation": share}

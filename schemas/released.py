"""The shapes of events that readers rely on, kept for ever as ``released/<topic>.v<number>.json``.

A number is added when a field is; nothing else may change, and no file does. What is compared stands in the tree, so
that it needs no history.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from schemas.compatibility import Shape, breaks, shape
from schemas.problem import Problem

RELEASED = Path(__file__).with_name("released")


class BreakingChange(Problem):
    """A class of events no longer has a shape that was released."""

    code: ClassVar[str] = "BREAKING_CHANGE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "A published event would change under its readers"
    recovery: ClassVar[str] = (
        "Take the change back, or give a new field a default. What must change otherwise is another event: a new module"
        " in schemas/events with a topic of its own (`crawl.failed.v2`), told beside the old one until nobody reads"
        " that. Only if the shape never left your branch, delete its file in schemas/released and its sample instead."
    )


def released(folder: Path = RELEASED) -> dict[str, dict[int, Shape]]:
    """Every topic with its shapes by their numbers, the first first."""
    found: dict[str, dict[int, Shape]] = {}
    for path in folder.glob("*.json"):
        topic, _, number = path.stem.rpartition(".v")
        found.setdefault(topic, {})[int(number)] = json.loads(path.read_text())
    return {topic: dict(sorted(shapes.items())) for topic, shapes in sorted(found.items())}


def release(events: Mapping[str, Mapping[str, Any]], folder: Path = RELEASED) -> dict[str, dict[int, Shape]]:
    """All shapes once these schemas (by topic) are published too. Raises ``BreakingChange`` with every break."""
    shapes = released(folder)
    broken = [f"{topic}: nothing is published on it" for topic in shapes if topic not in events]
    for topic, schema in sorted(events.items()):
        known, now = shapes.setdefault(topic, {}), shape(schema)
        broken += _unique(f"{topic}: {what}" for one in known.values() for what in breaks(one, now))
        if now not in known.values():
            known[max(known, default=0) + 1] = now
    if broken:
        raise BreakingChange("; ".join(broken), breaks=broken)
    return shapes


def _unique(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))

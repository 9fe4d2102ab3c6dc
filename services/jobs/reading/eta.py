"""In how many seconds a job should be over: what its like took, and how fast it is. None: it would be a guess."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from services.jobs.progress import WHOLE
from services.jobs.store.durations import End

ENOUGH = 20  # jobs that were completed before their durations mean something
SEVERAL = 5  # of them that took longer than the job has run
SURE = 50.0  # of 100: from here on only its own speed counts
MOST_APART = 3.0  # how far others may lead the estimate away from it
EARLY = 5.0  # of 100: progress below this says nothing about the rest
LATELY_SECONDS = 600.0  # how old an end may be to count for how fast a queue goes


def like(ends: Sequence[End], *, size: float | None) -> list[float]:
    """Seconds that jobs of about this size took; of all sizes where too few were; none where those are too few."""
    alike = [end.seconds for end in ends if _bucket(end.size) == _bucket(size)]
    found = alike if len(alike) >= ENOUGH else [end.seconds for end in ends]
    return found if len(found) >= ENOUGH else []


def running_seconds(usual: Sequence[float], *, elapsed: float, progress: float, per_second: float) -> float | None:
    """What is left of a job at work: the further it is, the more its own speed (progress a second) counts.

    Others that took longer than it has run say something only where they are several, and never much else than it does.
    """
    longer = [seconds - elapsed for seconds in usual if seconds > elapsed]
    by_others = median(longer) if len(longer) >= SEVERAL else None
    by_itself = (WHOLE - progress) / per_second if progress >= EARLY and per_second > 0 else None
    if by_others is None or by_itself is None:
        return by_others if by_itself is None else by_itself
    likely = min(max(by_others, by_itself / MOST_APART), by_itself * MOST_APART)
    own = min(1.0, progress / SURE)
    return own * by_itself + (1 - own) * likely


def waiting_seconds(ahead: int, ends: Sequence[End], *, now: datetime) -> float | None:
    """How long so many jobs ahead take to begin, as fast as jobs ended lately."""
    if ahead == 0:
        return 0.0
    ages = [age for end in ends if (age := (now - end.finished_at).total_seconds()) <= LATELY_SECONDS]
    return ahead * max(ages) / len(ages) if len(ages) >= ENOUGH and max(ages) > 0 else None


def size_of(metadata: Mapping[str, Any]) -> float | None:
    """The bytes a job has to do with, as its metadata says."""
    size = metadata.get("size_bytes")
    return float(size) if isinstance(size, int | float) and not isinstance(size, bool) else None


def _bucket(size: float | None) -> int | None:
    """Sizes of one bucket are at most ten times each other."""
    return None if size is None else int(math.log10(max(1.0, size)))

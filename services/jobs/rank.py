"""Who comes first: one constant per job, recomputed only when the job changes.

Ageing moves any two waiting jobs alike, so the order at every instant is the order of one number: the time of
enqueueing, plus what a job's priority, failures, size and boosts are worth in seconds of waiting. A job submitted for
later is enqueued when that time comes.
"""

from enum import IntEnum

AGEING_SECONDS = 300.0  # one level of priority is worth this much waiting
BOOST_SECONDS = AGEING_SECONDS  # a retry by hand goes one level ahead, but never ahead of the highest
PENALTY_SECONDS = AGEING_SECONDS / 2  # a failure costs half a level,
MOST_PENALTIES = 5  # and at most this many count
MOST_ADJUSTMENT_SECONDS = AGEING_SECONDS / 4  # file type and size decide between neighbours only
LONGEST_SECONDS = 4 * AGEING_SECONDS + MOST_PENALTIES * PENALTY_SECONDS + MOST_ADJUSTMENT_SECONDS
"""Nobody waits longer than this behind later arrivals."""

_QUICK = frozenset({"csv", "json", "jsonl", "ndjson", "txt", "md", "html", "xml"})
_SLOW = frozenset({"pdf", "docx", "pptx", "xlsx", "png", "jpg", "jpeg", "tif", "tiff"})
_HUGE_BYTES = 100_000_000


class Priority(IntEnum):
    """The five levels; smaller is sooner."""

    CRITICAL = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3
    BACKGROUND = 4


def level(value: object) -> int:
    """The priority somebody names: 0 to 4, or a level's name in any case. Raises ``ValueError``."""
    if isinstance(value, str) and value.upper() in Priority.__members__:
        return Priority[value.upper()].value
    if isinstance(value, bool) or not isinstance(value, int) or value not in range(len(Priority)):
        msg = f"must be 0 to 4 or one of {', '.join(Priority.__members__)}"
        raise ValueError(msg)
    return value


def rank_seconds(priority: int, *, boost: float = 0.0, failures: int = 0, adjustment: float = 0.0) -> float:
    """How long after its enqueueing a job stands in the order of all jobs."""
    penalty = min(failures, MOST_PENALTIES) * PENALTY_SECONDS
    return max(0.0, priority * AGEING_SECONDS - boost) + penalty + adjustment


def adjustment_seconds(filename: str | None, size_bytes: int | None) -> float:
    """What a file's type and size are worth: quick and small ones go a little ahead; 0 to ``AGEING_SECONDS / 4``."""
    extension = (filename or "").rpartition(".")[2].lower()
    by_type = 0.0 if extension in _QUICK else 1.0 if extension in _SLOW else 0.5
    by_size = min(1.0, max(0, size_bytes or 0) / _HUGE_BYTES)
    known = filename is not None or size_bytes is not None
    return MOST_ADJUSTMENT_SECONDS * (by_type + by_size) / 2 if known else 0.0

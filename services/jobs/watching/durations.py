"""Durations in buckets, each ``GROWTH`` times as wide as the one before: few numbers, and percentiles within 7 %."""

import math
from collections.abc import Mapping

GROWTH = 1.15
LEAST_SECONDS = 0.001  # what is shorter counts as this


def bucket(seconds: float) -> int:
    """The bucket of a duration: its upper edge is ``GROWTH ** bucket`` seconds."""
    return math.ceil(math.log(max(seconds, LEAST_SECONDS)) / math.log(GROWTH))


def edge(number: int) -> float:
    """The longest duration of a bucket, in seconds."""
    return GROWTH**number


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Seconds that ``share`` of the counted durations did not exceed; None where nothing was counted."""
    rank = math.ceil(share * sum(counts.values()))
    for number in sorted(counts):
        rank -= counts[number]
        if rank <= 0 < counts[number]:
            return _within(number)
    return None


def _within(number: int) -> float:
    """The value that is least wrong for all durations of a bucket: (GROWTH - 1) / (GROWTH + 1) at most."""
    return 2 * edge(number) / (GROWTH + 1)

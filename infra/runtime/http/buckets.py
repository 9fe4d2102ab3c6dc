"""Buckets that fill with time: how often somebody may do something."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT = 10_000  # buckets a process remembers; whoever is forgotten begins with a full one


@dataclass
class Bucket:
    """Tokens of one of them."""

    tokens: float
    at: float


@dataclass
class Buckets:
    """A bucket each, with ``burst`` tokens at first and at most; ``clock`` is in seconds."""

    per_second: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    of: "OrderedDict[str, Bucket]" = field(default_factory=OrderedDict)

    def take(self, name: str) -> float:
        """Take a token; returns the seconds until there is one, 0 if it was taken."""
        bucket = self._filled(name)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self.per_second
        bucket.tokens -= 1
        return 0.0

    def _filled(self, name: str) -> Bucket:
        now = self.clock()
        bucket = self.of.setdefault(name, Bucket(self.burst, now))
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.per_second)
        bucket.at = now
        self.of.move_to_end(name)
        if len(self.of) > KEPT:
            self.of.popitem(last=False)
        return bucket

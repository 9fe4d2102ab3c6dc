"""What the guard let nobody reach, counted for this process."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from infra.runtime.egress.refused import EgressRefused

By = Literal["page", "request"]
"""Who asked: a page in a browser, or a request of ours to a host that a user named."""

_counts: dict[By, int] = {"page": 0, "request": 0}
_lock = threading.Lock()


def count(by: By) -> None:
    """One more."""
    with _lock:
        _counts[by] += 1


@contextmanager
def counted(by: By) -> Iterator[None]:
    """Counts an ``EgressRefused`` that leaves the block."""
    try:
        yield
    except EgressRefused:
        count(by)
        raise


def counts() -> Mapping[By, int]:
    """How many there were since the process began."""
    with _lock:
        return dict(_counts)

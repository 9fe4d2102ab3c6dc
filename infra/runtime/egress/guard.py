"""The rules that a client keeps to."""

from dataclasses import dataclass

from infra.runtime.egress.destination import PORTS
from infra.runtime.egress.resolve import Lookup, look_up


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """Public hosts only, and those in ``allow``; on these ``ports``, or on any if that is None."""

    allow: frozenset[str] = frozenset()
    ports: frozenset[int] | None = PORTS
    lookup: Lookup = look_up

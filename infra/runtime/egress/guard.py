"""The rules that a client keeps to."""

from msgspec import Struct

from infra.runtime.egress.destination import PORTS
from infra.runtime.egress.resolve import Lookup, look_up


class Guard(Struct, frozen=True, kw_only=True):
    """Public hosts only, and those in ``allow``; on these ``ports``, or on any if that is None."""

    allow: frozenset[str] = frozenset()
    ports: frozenset[int] | None = PORTS
    lookup: Lookup = look_up

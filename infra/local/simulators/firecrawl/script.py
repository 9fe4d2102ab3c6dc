"""The ``sim`` text: what a job and the calls about it do. The package's docstring has the grammar."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infra.local.simulators.scripted import Fault, ScriptInvalid, fault, items, one_of, read, seconds, whole

CALLS = {"submit", "status", "errors", "cancel", "active", "credits"}
_MANNERS = frozenset({"once", "off", "twice", "late_start", "forged", "unsigned"})


@dataclass(frozen=True, kw_only=True)
class Script:
    """A parsed text. Times are seconds after the purchase."""

    ready_after: float = 2.0
    kickoff: float = 0.2
    documents: int = 12
    document_bytes: int = 0
    errors: int = 0
    robots: int = 0
    clamp: int | None = None
    failed: str = ""
    status: str = ""
    expires_after: float = 86_400.0
    hidden: bool = False
    notify: str = "once"
    faults: tuple[Fault, ...] = ()


_READERS: Mapping[str, Callable[[str], Any]] = {
    "ready_after": seconds,
    "kickoff": seconds,
    "expires_after": seconds,
    **dict.fromkeys(("documents", "document_bytes", "errors", "robots", "clamp"), whole),
    **dict.fromkeys(("failed", "status"), str),
    "hidden": lambda value: value == "yes",
    "notify": one_of("notify", _MANNERS),
}


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """Read a ``sim`` text; later values win, faults add up. Raises ``ScriptInvalid``."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, value in items(text):
        if key == "fault":
            faults.append(fault(value, usual=_call))
        else:
            values[key] = read(key, value, _READERS)
    return Script(**values, faults=tuple(faults))


def _call(call: str, name: str) -> str:
    if call not in CALLS or not name:
        raise ScriptInvalid(f"fault {name!r} of call {call!r} is not known")
    return call

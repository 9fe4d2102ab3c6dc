"""The ``sim`` text: what a caller may ask of the simulator, as ``key:value`` pairs (grammar in the package)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infra.local.simulators.scripted import Fault, ScriptInvalid, fault, items, one_of, read, seconds, whole

CALLS = frozenset({"trigger", "progress", "snapshot", "parts", "input", "cancel", "rerun", "log", "list"})
AFTER_TRIGGER = "any"
"""Stands for every call that names a snapshot."""

SUBMIT_FAULTS = frozenset({"drop", "hang", "commit_500"})
WAITING_FAULTS = frozenset({"not_ready", "building", "conflict", "expired", "empty"})
BODY_FAULTS = frozenset(
    {"gzip_cut", "gzip_trailer", "gzip_crc", "gzip_members", "gzip_double", "gzip_plain", "plain_gzip", "bomb"}
    | {"cut", "json_tail", "length_long", "length_short", "length_twice", "close_cut", "chunk_cut", "reset_body"}
    | {"drip"}
)
ANSWER_FAULTS = frozenset(
    {"401", "403", "404", "410", "429", "500", "502", "503", "504", "html", "empty_body", "garbage", "redirect"}
    | {"reset", "slow_headers", "inputs_expired"}
)


@dataclass(frozen=True, kw_only=True)
class Script:
    """A parsed ``sim`` text. Times are in seconds since the purchase."""

    ready_after: float = 3.0
    hidden_for: float = 0.0
    expires_after: float = math.inf
    records: int = 25  # an input
    errors: int = 0  # an input
    bad_lines: int = 0
    line_bytes: int = 0
    count: int = 0  # what progress promises beyond the truth
    status: str = ""
    failed: str = ""
    notify: str = "once"
    faults: tuple[Fault, ...] = ()


_READERS: Mapping[str, Callable[[str], Any]] = {
    "ready_after": seconds,
    "hidden_for": seconds,
    "expires_after": seconds,
    "records": whole,
    "errors": whole,
    "bad_lines": whole,
    "line_bytes": whole,
    "count": whole,
    "status": str,
    "failed": str,
    "notify": one_of("notify", frozenset({"once", "off", "twice", "early", "forged"})),
}


def strikes(fault: Fault, call: str) -> bool:
    """Whether this call is one the fault is about."""
    return call == fault.call or (fault.call == AFTER_TRIGGER and call not in {"trigger", "list"})


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """Read a ``sim`` text; later values win, faults add up. Raises ``ScriptInvalid``."""
    values: dict[str, Any] = {}
    faults: dict[str, Fault] = {}
    for key, value in items(text):
        if key == "fault":
            faults[value] = fault(value, usual=_call)
        else:
            values[key] = read(key, value, _READERS)
    return Script(**values, faults=tuple(faults.values()))


def _call(call: str, name: str) -> str:
    usual = _usual_call(name)
    if call and call not in CALLS | {AFTER_TRIGGER}:
        raise ScriptInvalid(f"call {call!r} is not known")
    if name in BODY_FAULTS and call not in {"", "snapshot"}:
        raise ScriptInvalid(f"{name} is about the body of a snapshot, not of {call}")
    return call or usual


def _usual_call(name: str) -> str:
    if name in SUBMIT_FAULTS:
        return "trigger"
    if name in BODY_FAULTS or name in WAITING_FAULTS:
        return "snapshot"
    if name in ANSWER_FAULTS:
        return AFTER_TRIGGER
    raise ScriptInvalid(f"fault {name!r} is not known")

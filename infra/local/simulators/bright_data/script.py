"""The ``sim`` text: what a caller may ask of the simulator, as ``key:value`` pairs (grammar in the package)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from schemas.problem import Problem

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


class ScriptInvalid(Problem):
    """A ``sim`` text that the grammar does not know."""

    code: ClassVar[str] = "SIMULATOR_SCRIPT_INVALID"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The sim text is not understood"
    recovery: ClassVar[str] = "Compare it with the grammar in infra/local/simulators/bright_data/__init__.py."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour: on which call, with which argument, how many times (None: always)."""

    text: str
    call: str
    name: str
    argument: str
    times: int | None

    def number(self, default: float) -> float:
        """The argument as a number. Raises ``ScriptInvalid``."""
        return _number(self.argument) if self.argument else default

    def strikes(self, call: str) -> bool:
        """Whether this call is one the fault is about."""
        return call == self.call or (self.call == AFTER_TRIGGER and call not in {"trigger", "list"})


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


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise ScriptInvalid(f"{value!r} is not a number") from error


def _whole(value: str) -> int:
    return int(_number(value))


def _seconds(value: str) -> float:
    return math.inf if value == "never" else _number(value)


def _notify(value: str) -> str:
    if value not in {"once", "off", "twice", "early", "forged"}:
        raise ScriptInvalid(f"notify:{value} is not known")
    return value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "ready_after": _seconds,
    "hidden_for": _seconds,
    "expires_after": _seconds,
    "records": _whole,
    "errors": _whole,
    "bad_lines": _whole,
    "line_bytes": _whole,
    "count": _whole,
    "status": str,
    "failed": str,
    "notify": _notify,
}


def _usual_call(name: str) -> str:
    if name in SUBMIT_FAULTS:
        return "trigger"
    if name in BODY_FAULTS or name in WAITING_FAULTS:
        return "snapshot"
    if name in ANSWER_FAULTS:
        return AFTER_TRIGGER
    raise ScriptInvalid(f"fault {name!r} is not known")


def _fault(text: str) -> Fault:
    rest, _, times = text.partition("@")
    target, _, argument = rest.partition("=")
    call, _, name = target.rpartition(".")
    usual = _usual_call(name)
    if call and call not in CALLS | {AFTER_TRIGGER}:
        raise ScriptInvalid(f"call {call!r} is not known")
    if name in BODY_FAULTS and call not in {"", "snapshot"}:
        raise ScriptInvalid(f"{name} is about the body of a snapshot, not of {call}")
    limit = _whole(times) if times else None
    return Fault(text=text, call=call or usual, name=name, argument=argument, times=limit)


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """Read a ``sim`` text; later values win, faults add up. Raises ``ScriptInvalid``."""
    values: dict[str, Any] = {}
    faults: dict[str, Fault] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = item.partition(":")
        if key == "fault":
            faults[value] = _fault(value)
        elif key in _READERS:
            values[key] = _READERS[key](value)
        else:
            raise ScriptInvalid(f"key {key!r} is not known")
    return Script(**values, faults=tuple(faults.values()))


def sim_of(row: Mapping[str, Any]) -> str:
    """The ``sim`` text in the query of an input's URL, or nothing."""
    url = row.get("url")
    return ",".join(parse_qs(urlsplit(url).query).get("sim", [])) if isinstance(url, str) and "sim=" in url else ""


def join(*texts: str) -> str:
    """One ``sim`` text that says all of these; where they contradict, the last one counts."""
    return ",".join(reversed(dict.fromkeys(text for text in reversed(texts) if text)))

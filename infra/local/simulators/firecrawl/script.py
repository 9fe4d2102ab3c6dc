"""The ``sim`` text: what a job and the calls about it do. The package's docstring has the grammar."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from schemas.problem import Problem

CALLS = {"submit", "status", "errors", "cancel", "active", "credits"}
_MANNERS = {"once", "off", "twice", "late_start", "forged", "unsigned"}


class ScriptInvalid(Problem):
    """A sim text that is not understood."""

    code: ClassVar[str] = "SCRIPT_INVALID"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The simulator does not understand the script"
    recovery: ClassVar[str] = "See the docstring of infra.local.simulators.firecrawl."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong with a call, ``times`` times or always."""

    text: str
    call: str
    name: str
    argument: str
    times: int | None


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


def _seconds(value: str) -> float:
    return math.inf if value == "never" else float(value)


def _manner(value: str) -> str:
    if value not in _MANNERS:
        raise ScriptInvalid(f"notify:{value} is not known")
    return value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "ready_after": _seconds,
    "kickoff": _seconds,
    "expires_after": _seconds,
    **dict.fromkeys(("documents", "document_bytes", "errors", "robots", "clamp"), int),
    **dict.fromkeys(("failed", "status"), str),
    "hidden": lambda value: value == "yes",
    "notify": _manner,
}


def _fault(text: str) -> Fault:
    rest, _, times = text.partition("@")
    target, _, argument = rest.partition("=")
    call, _, name = target.partition(".")
    if call not in CALLS or not name:
        raise ScriptInvalid(f"fault {text!r} is not known")
    return Fault(text=text, call=call, name=name, argument=argument, times=int(times) if times else None)


@lru_cache(maxsize=4096)
def parse(text: str) -> Script:
    """Read a ``sim`` text; later values win, faults add up. Raises ``ScriptInvalid``."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = item.partition(":")
        if key != "fault" and key not in _READERS:
            raise ScriptInvalid(f"key {key!r} is not known")
        try:
            if key == "fault":
                faults.append(_fault(value))
            else:
                values[key] = _READERS[key](value)
        except ValueError as error:
            raise ScriptInvalid(f"{item!r} is not understood") from error
    return Script(**values, faults=tuple(faults))


def sim_of(url: str) -> str:
    """The ``sim`` text in the query of a URL, or nothing."""
    return ",".join(parse_qs(urlsplit(url).query).get("sim", [])) if "sim=" in url else ""


def join(*texts: str) -> str:
    """One ``sim`` text that says all of these; where they contradict, the last one counts."""
    return ",".join(text for text in texts if text)

"""``sim`` texts: ``key:value`` pairs by which a caller makes a simulator misbehave. Each simulator has its own keys."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from schemas.problem import Problem


class ScriptInvalid(Problem):
    """A ``sim`` text that the simulator's grammar does not know."""

    code: ClassVar[str] = "SIMULATOR_SCRIPT_INVALID"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The sim text is not understood"
    recovery: ClassVar[str] = "Compare it with the grammar in the simulator's package, infra/local/simulators."


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
        return number(self.argument) if self.argument else default


def items(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of a text, in its order."""
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = item.partition(":")
        yield key, value


def read(key: str, value: str, readers: Mapping[str, Callable[[str], Any]]) -> Any:
    """The value of a key. Raises ``ScriptInvalid`` for a key without a reader."""
    if key not in readers:
        raise ScriptInvalid(f"key {key!r} is not known")
    return readers[key](value)


def fault(text: str, *, usual: Callable[[str, str], str]) -> Fault:
    """``[call "."] name ["=" argument] ["@" times]``; ``usual`` says which call is meant, or raises."""
    rest, _, times = text.partition("@")
    target, _, argument = rest.partition("=")
    call, _, name = target.rpartition(".")
    return Fault(text=text, call=usual(call, name), name=name, argument=argument, times=whole(times) if times else None)


def number(value: str) -> float:
    """Raises ``ScriptInvalid``."""
    try:
        return float(value)
    except ValueError as error:
        raise ScriptInvalid(f"{value!r} is not a number") from error


def whole(value: str) -> int:
    """Raises ``ScriptInvalid``."""
    return int(number(value))


def seconds(value: str) -> float:
    """Seconds, or ``never``. Raises ``ScriptInvalid``."""
    return math.inf if value == "never" else number(value)


def one_of(name: str, words: frozenset[str]) -> Callable[[str], str]:
    """A reader that takes these words only, and raises ``ScriptInvalid`` for others."""

    def taken(value: str) -> str:
        if value not in words:
            raise ScriptInvalid(f"{name}:{value} is not known")
        return value

    return taken


def sim_of(url: object) -> str:
    """The ``sim`` text in the query of a URL, or nothing."""
    return ",".join(parse_qs(urlsplit(url).query).get("sim", [])) if isinstance(url, str) and "sim=" in url else ""


def join(*texts: str) -> str:
    """One ``sim`` text that says all of these; where they contradict, the last one counts."""
    return ",".join(reversed(dict.fromkeys(text for text in reversed(texts) if text)))

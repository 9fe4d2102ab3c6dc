"""Globs over URLs, matched in time linear in what they are matched against, whoever wrote them."""

from functools import lru_cache
from typing import Any

MOST = 50
MOST_CHARACTERS = 2000


@lru_cache(maxsize=256)
def compiled(patterns: str) -> tuple[tuple[bool, Any], ...]:
    """Each pattern, and whether it is about a whole URL."""
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415  # functions that fetch nothing need not load it

    made = []
    for one in patterns.split():
        expression = ".*".join(re2.escape(piece) for piece in one.split("*"))
        made.append(("://" in one, re2.compile(expression)))
    return tuple(made)


def matches(patterns: str, *, url: str, path: str) -> bool:
    """Whether one of the patterns fits: one with ``://`` the whole URL, any other its path and query."""
    return any(expression.fullmatch(url if whole else path) for whole, expression in compiled(patterns))

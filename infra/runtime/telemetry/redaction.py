"""Credentials are left out of what is written for people to read."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"
_DEEPEST = 8
# a word is looked through once, and taken whole: else one of 20,000 characters would take seconds
_WORD = r"(?=[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|authorization|signature|cookie|credentials?))[\w-]++"

# `Authorization: Bearer x`, `"token": "x"`, `api_key=x`, `X-Goog-Signature=x`; only from a name's first character
_NAMED = re.compile(rf"(?i)((?<![\w-]){_WORD}[\"']?\s*[=:]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s,;\"'&)}}\]]+")
# `Bearer x` by itself; after the other words only what looks like a key, because prose uses them too
_SPOKEN = re.compile(
    r"(?i)\b(bearer\s+|basic\s+(?=\S{12})|(?:token|secret|password|api[_ -]?key)\s+(?=\S*\d))[^\s,;\"'&]{6,}"
)
# our own API keys: their id may be shown
_KEYS = re.compile(r"\b(hrk_[a-z2-7]{16}_)[\w-]{8,}")
# whatever the scheme: to look for its beginning from each word would take the square of a text's length
_USERINFO = re.compile(r"(://)[^/?#\s\"']*@")
_SECRET_NAME = re.compile(rf"(?i)^{_WORD}$")


def scrub(text: str) -> str:
    """The text without credentials: values after their names, bearer tokens, API keys, and user info in URLs."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _SPOKEN.sub(rf"\1{HIDDEN}", text)
    text = _KEYS.sub(rf"\1{HIDDEN}", text)
    return _USERINFO.sub(rf"\1{HIDDEN}@", text)


def scrubbed(value: Any, *, name: str = "", depth: int = 0) -> Any:
    """A value of any shape without credentials; what has no JSON form becomes its description."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.match(name):
        return HIDDEN
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {str(key): scrubbed(one, name=str(key), depth=depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [scrubbed(one, depth=depth + 1) for one in value]
    return scrub(value if isinstance(value, str) else repr(value))

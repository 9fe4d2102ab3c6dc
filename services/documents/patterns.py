"""Values that stand on a page in so many words: behind the name of what they are the value of."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import islice
from typing import Any

from services.documents.ontology.property import MAX_ITEMS, MAX_TEXT, Property

_NUMBER = re.compile(r"[-+]?\d[\d.,' \u00a0]*")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_EUROPEAN = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b")
_MONTH = re.compile(r"\b(\d{1,2})\.? ([^\W\d_]{3,12}) (\d{4})\b|\b([^\W\d_]{3,12}) (\d{1,2}),? (\d{4})\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ELSEWHERE = {"mrt": 3, "maa": 3, "mär": 3, "mae": 3, "mei": 5, "mai": 5, "okt": 10, "dez": 12}
_YES = frozenset({"yes", "true", "ja", "y", "available", "in stock"})
_NO = frozenset({"no", "false", "nein", "nee", "n", "unavailable", "sold out", "out of stock"})
_TITLES = frozenset({"title", "name", "headline", "titel", "naam"})
_MOST = 20  # places that are looked at
_THOUSANDS = 3  # digits behind a separator that separates thousands


def values(one: Property, *, title: str, text: str) -> Iterator[Any]:
    """What may be the value of a property, likeliest first; not yet checked against its type."""
    behind = list(islice(_behind(one.name, text), _MOST))
    if one.type == "string":
        yield from (found[:MAX_TEXT] for found in behind)
        if one.name in _TITLES and title:
            yield title[:MAX_TEXT]
    elif one.type == "list":
        yield from (
            [item.strip() for item in re.split(r"[,;|]", found) if item.strip()][:MAX_ITEMS] for found in behind
        )
    elif one.type == "enum":
        yield from _named(one, [*behind, title, text])
    elif one.type == "boolean":
        yield from (word in _YES for found in behind if (word := found.casefold().rstrip(".! ")) in _YES | _NO)
    elif one.type == "date":
        yield from (day for found in (*behind, text) for day in _dates(found))
    else:
        yield from (_typed(number, one) for found in behind for number in _numbers(found))


def _behind(name: str, text: str) -> Iterator[str]:
    """What follows a name: on its line after a colon or a space, or else on the next line."""
    label = name.replace("_", " ")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    for place, line in enumerate(lines):
        if not line.casefold().startswith(label):
            continue
        rest = line[len(label) :]
        if rest and rest[0].isalnum():
            continue
        if said := rest.strip(" :\t=\u2013").removeprefix("- "):
            yield said
        elif place + 1 < len(lines):
            yield lines[place + 1]


def _named(one: Property, places: list[str]) -> Iterator[str]:
    for place in places:
        for value in one.values:
            if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", place, re.IGNORECASE):
                yield value


def _typed(number: float, one: Property) -> float:
    return int(number) if one.type == "integer" and number.is_integer() else number


def _numbers(text: str) -> Iterator[float]:
    for found in _NUMBER.finditer(text):
        with suppress(ValueError):
            yield float(_point(re.sub(r"[' \u00a0]", "", found[0]).rstrip(".,")))


def _point(digits: str) -> str:
    """A number as Python writes it: what comes last separates decimals, unless exactly three digits follow it."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits
    whole, rest = re.sub(r"[.,]", "", digits[:last]), digits[last + 1 :]
    both = "." in digits and "," in digits
    thousands = len(rest) == _THOUSANDS and not both and whole.lstrip("-+0") != ""
    return whole + rest if thousands else f"{whole}.{rest}"


def _dates(text: str) -> Iterator[date]:
    for found in _ISO.finditer(text):
        with suppress(ValueError):
            yield date(int(found[1]), int(found[2]), int(found[3]))
    for found in _EUROPEAN.finditer(text):
        with suppress(ValueError):
            yield date(int(found[3]), int(found[2]), int(found[1]))
    for found in _MONTH.finditer(text):
        day, word, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        with suppress(ValueError):
            yield date(int(year), _month(word), int(day))


def _month(word: str) -> int:
    start = word.casefold()[:3]
    return _ELSEWHERE.get(start) or _MONTHS.index(start) + 1

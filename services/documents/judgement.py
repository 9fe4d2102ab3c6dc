"""What is kept of what a model says: only what the page and the ontology bear out.

Whoever writes a page may write orders to models into it. Labels can only be the tenant's own, and values only words of
the page that are no part of such an order; that no order is followed is not promised.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from services.documents.ontology.concept import Concept
from services.documents.page import MAX_TEXT, Page
from services.documents.ports import Found, InvalidOutput

REVIEW_BELOW = 0.6
MOST_RESOURCES = 20
_UNSEEN = frozenset({"Cf", "Cc", "Co", "Cs", "Cn"})
_AROUND = 2  # sentences before and after one that gives orders
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")
_ORDERS = re.compile(
    r"\b(ignore|disregard|forget|override|negeer|vergeet|ignorier\w*|vergiss)\b.{0,60}"
    r"\b(instruction|prompt|rule|above|previous|instructie|regel|anweisung|vorige|vorherig)"
    r"|\b(system|developer) (prompt|message|note|instruction|override)"
    r"|\bas an? (ai|assistant|language model)\b|\b(assistant|ai|llm)s?( model)?\s*[:,]|<\||\[/?inst\]"
    r"|\b(api|secret|access)[ _-]?keys?\b|\btool_call|\bjailbreak"
    r"|\b(call|fetch|request|load) ((the|this) )?(tool|function|url|address|https?:)"
    r"|\b(label|classify|tag|mark|rate|categori[sz]e)\b.{0,40}\b(this|the|it|everything)\b.{0,40}\b(as|with)\b"
    r"|\b(reply|respond|answer|output|print|repeat|say)\b[^.!?]{0,30}"
    r"\b(only|exactly|verbatim|(your|the|its) ([\w-]+ )?(key|secret|prompt|instructions)"
    r"|(with )?the (string|word|text|value|token|following))\b",
    re.IGNORECASE,
)
_SPREAD = re.compile(
    r"(ignore|disregard|forget)(all|any|the|your|these)*(previous|prior|above|earlier)(instruct|prompt|rule)"
)
_LIKENESS = str.maketrans("авеіјкмнорстухѕԁɡαεικνορτυχ", "abeijkmhopctyxsdgaeikvoptux")


@dataclass(frozen=True)
class Judged:
    """What a model found, and whether a person should look at it."""

    found: Found
    needs_review: bool


def readable(text: str) -> str:
    """The first part of a text, without characters that nobody sees."""
    seen = (one for one in text[: 2 * MAX_TEXT] if one in "\n\t" or unicodedata.category(one) not in _UNSEEN)
    return "".join(seen)[:MAX_TEXT]


def judged(found: Sequence[Found], page: Page, offered: Sequence[Concept]) -> tuple[list[Judged], list[dict[str, Any]]]:
    """What is kept, and warnings of what is not. Raises ``InvalidOutput`` for a concept that was not offered."""
    known = {one.id for one in offered}
    if any(one.concept is not None and one.concept.id not in known for one in found):
        raise InvalidOutput("It names a concept that was not offered")
    shown = _folded(f"{page.title}\n{unquote_plus(page.url)}\n{readable(page.text)}")
    honest = _without_orders(shown)
    kept = [_borne_out(one, honest) for one in _distinct(found)[:MOST_RESOURCES]]
    odd = honest != shown
    made = [Judged(one, odd or bool(lost) or _unsure(one)) for one, lost in kept]
    lost = sorted({name for _, names in kept for name in names})
    told = f"Dropped, for the page does not say it in so many words: {', '.join(lost)}."
    return made, [{"code": "VALUE_NOT_ON_PAGE", "detail": told}] if lost else []


def _unsure(one: Found) -> bool:
    return one.concept is None or one.confidence < REVIEW_BELOW


def _distinct(found: Sequence[Found]) -> list[Found]:
    """Each thing once, and that nothing fits only where nothing does."""
    made: list[Found] = []
    for one in found:
        plain = one if one.concept else Found(concept=None, confidence=0.0)
        if plain not in made:
            made.append(plain)
    return [one for one in made if one.concept] or made


def _borne_out(one: Found, honest: str) -> tuple[Found, list[str]]:
    """The thing without texts that the page does not have, and the names of what lost something."""
    free = (
        {entry.name for entry in one.concept.properties if entry.type in {"string", "list"}} if one.concept else set()
    )
    kept = {name: _on_page(value, honest) if name in free else value for name, value in one.properties.items()}
    lost = [name for name, value in one.properties.items() if kept[name] != value]
    return replace(one, properties={name: value for name, value in kept.items() if value not in (None, [])}), lost


def _on_page(value: Any, honest: str) -> Any:
    if isinstance(value, list):
        return [item for item in value if _on_page(item, honest)]
    return value if _folded(value) in honest else None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _without_orders(text: str) -> str:
    """A text without the sentences that tell models what to do, and those around them."""
    alike = text.translate(_LIKENESS)  # letters of other alphabets that look like ours
    if _SPREAD.search("".join(one for one in alike if one.isalpha())) and not _ORDERS.search(alike):
        return ""  # an order in pieces: nobody knows where it begins and ends
    orders = [found.span() for found in _ORDERS.finditer(alike)]
    if not orders:
        return text
    sentences = list(_SENTENCE.finditer(text))
    ends = [end for _, end in orders]
    firsts = [bisect_right(ends, one.start()) for one in sentences]  # the first order that ends in it or later
    hit = [first < len(orders) and orders[first][0] < one.end() for one, first in zip(sentences, firsts, strict=True)]
    return " ".join(
        one[0] for place, one in enumerate(sentences) if not any(hit[max(0, place - _AROUND) : place + _AROUND + 1])
    )

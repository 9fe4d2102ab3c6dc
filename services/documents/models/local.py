"""The text classifier that comes along: no model, no network, the words of the page against those of the concepts.

It finds at most one thing on a page, and is surest where a concept's own name or a synonym stands in the title. It
reads no pictures. Its confidence is the share of the evidence that speaks for the best concept, so it says little
where two concepts are alike, or where a page has few of their words.
"""

import asyncio
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from services.documents.judgement import readable
from services.documents.ontology.concept import Concept
from services.documents.ontology.property import checker
from services.documents.page import Page
from services.documents.patterns import values
from services.documents.ports import Found

NAME = "local"
PROMPT = "words-1"
LEAST = 0.35  # less evidence than this is none
MOST = 0.95  # words alone prove nothing
_ENOUGH = 3.0  # evidence from which on more of it adds little
_WORD = re.compile(r"[^\W_]+")
_NAMED, _DESCRIBED = 3.0, 1.0
_TITLE, _ADDRESS, _TEXT = 3.0, 1.5, 1.0
_SHORT = 3  # shorter words say nothing


class Local:
    """Compares words."""

    name = NAME
    prompt = PROMPT

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        """The concept that the page's words speak for, or none."""
        return [await asyncio.to_thread(_classified, page, concepts)]


def _classified(page: Page, concepts: Sequence[Concept]) -> Found:
    text = readable(page.text)
    words = _weighed(page.title, _TITLE) + _weighed(page.url, _ADDRESS) + _weighed(text, _TEXT)
    rare = _rarity(concepts)
    scores = sorted(((_evidence(one, words, rare), place) for place, one in enumerate(concepts)), reverse=True)
    (best, place), *rest = scores
    second = rest[0][0] if rest else 0.0
    confidence = MOST * math.tanh(best / _ENOUGH) * (best / (best + second) if best else 0.0) ** 0.5
    if confidence < LEAST:
        return Found(concept=None, confidence=round(confidence, 3))
    concept = concepts[place]
    return Found(concept=concept, confidence=round(confidence, 3), properties=_extracted(concept, page, text))


def _terms(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    found = _WORD.findall("".join(one for one in plain if not unicodedata.combining(one)))
    return [_stem(one) for one in found if len(one) >= _SHORT and not one.isdecimal()]


def _stem(word: str) -> str:
    """One form for a word and its plural, near enough."""
    for end, instead in (("ies", "y"), ("es", "e"), ("en", ""), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + _SHORT:
            return word.removesuffix(end) + instead
    return word


def _weighed(text: str, weight: float) -> Counter[str]:
    return Counter({term: weight * (1 + math.log(count)) for term, count in Counter(_terms(text)).items()})


def _said(concept: Concept) -> dict[str, float]:
    """A concept's words, with what each is worth."""
    described = f"{concept.description} {' '.join(one.name.replace('_', ' ') for one in concept.properties)}"
    named = _terms(" ".join((concept.name, *concept.synonyms)))
    return dict.fromkeys(_terms(described), _DESCRIBED) | dict.fromkeys(named, _NAMED)


def _rarity(concepts: Sequence[Concept]) -> dict[str, float]:
    """What a word tells concepts apart: little where many have it."""
    shared = Counter(term for one in concepts for term in _said(one))
    return {term: 1 / count for term, count in shared.items()}


def _evidence(concept: Concept, words: Counter[str], rare: dict[str, float]) -> float:
    return sum(worth * rare[term] * math.tanh(words[term] / _TITLE) for term, worth in _said(concept).items())


def _extracted(concept: Concept, page: Page, text: str) -> dict[str, Any]:
    """What stands on the page behind a property's name, as far as it is of its type."""
    made: dict[str, Any] = {}
    for one in concept.properties:
        check = checker([one])
        for value in values(one, title=page.title, text=text):
            try:
                made |= check.dump_python(check.validate_python({one.name: value}), mode="json")
            except ValidationError:
                continue
            break
    return made


def build() -> Local:
    """The classifier; it needs nothing."""
    return Local()

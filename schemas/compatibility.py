"""When two shapes of an event fit each other: readers of either can read what was written as the other.

A shape is the structure of a JSON Schema without its words. Events are kept for weeks and read by programs of other
teams, so both directions count: a field may neither go nor begin to be missing, and its values may become neither
fewer (what was stored is refused) nor more (what is told is refused). Left is the new field that has a default, which
never changes either: it is what events mean that were told before the field was there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Shape = dict[str, Any]

_WORDS = {"$schema", "$defs", "title", "description", "examples"}
_UNORDERED = {"anyOf", "enum", "oneOf", "required"}


def shape(schema: Mapping[str, Any], definitions: Mapping[str, Any] | None = None) -> Shape:
    """The structure of a JSON Schema: references replaced by what they mean, without titles and descriptions."""
    known = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        return shape(known[schema["$ref"].removeprefix("#/$defs/")], known)
    return {word: _kept(word, meaning, known) for word, meaning in sorted(schema.items()) if word not in _WORDS}


def _kept(word: str, meaning: Any, known: Mapping[str, Any]) -> Any:
    if word == "properties":
        return {name: shape(one, known) for name, one in meaning.items()}
    if isinstance(meaning, Mapping):
        return shape(meaning, known)
    if isinstance(meaning, list):
        kept = [shape(one, known) if isinstance(one, Mapping) else one for one in meaning]
        return sorted(kept, key=_text) if word in _UNORDERED else kept
    return meaning


def breaks(released: Shape, now: Shape, field: str = "") -> Iterator[str]:
    """What of a released shape does not hold any more, one sentence each; nothing if both fit each other."""
    yield from _broken_fields(released, now, f"{field}." if field else "")
    about = f"`{field}`" if field else "the event"
    for word in sorted((released.keys() | now.keys()) - {"properties", "required"}):
        before, after = released.get(word), now.get(word)
        if word == "enum" and before and after:
            yield from _broken_values(before, after, about)
        elif word == "default" and word not in released:
            continue
        elif word == "items" and isinstance(before, dict) and isinstance(after, dict):
            yield from breaks(before, after, f"{field}[]")
        elif before != after:
            yield f"{about} was {_text({word: before})} and is {_text({word: after})}"


def _broken_fields(released: Shape, now: Shape, prefix: str) -> Iterator[str]:
    before, after = released.get("properties", {}), now.get("properties", {})
    needed, needs = set(released.get("required", ())), set(now.get("required", ()))
    for name, known in before.items():
        if name not in after:
            yield f"`{prefix}{name}` is gone"
            continue
        if name in needed - needs:
            yield f"`{prefix}{name}` was always there and may be missing"
        if name in needs - needed:
            yield f"`{prefix}{name}` could be missing and is required"
        yield from breaks(known, after[name], f"{prefix}{name}")
    yield from (f"`{prefix}{name}` is new and has no default" for name in sorted(needs - before.keys()))


def _broken_values(before: list[Any], after: list[Any], about: str) -> Iterator[str]:
    yield from (f"{about} is never {_text(value)} any more" for value in before if value not in after)
    yield from (
        f"{about} may be {_text(value)}, which its readers do not know" for value in after if value not in before
    )


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)

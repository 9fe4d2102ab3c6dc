"""Which facts there are: every event class, by the topic it is published on.

Modules of ``schemas.events`` are imported by the names of their files, which no import rule can see.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import ClassVar

from pydantic import ValidationError

from schemas.envelope import Envelope
from schemas.event import Event
from schemas.problem import Problem


class UnknownTopic(Problem):
    """No event is published under this name."""

    code: ClassVar[str] = "UNKNOWN_TOPIC"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such event type"
    recovery: ClassVar[str] = "Use one of the types named in `allowed`."


@cache
def event_types() -> dict[str, type[Event]]:
    """Every event class by its topic, sorted."""
    modules = [import_module(f"schemas.events.{m.name}") for m in iter_modules([str(Path(__file__).parent / "events")])]
    found = [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Event) and thing.__module__ == module.__name__
    ]
    return {event.topic: event for event in sorted(found, key=lambda event: event.topic)}


def event_type(topic: str) -> type[Event]:
    """The class of a topic. Raises ``UnknownTopic``, which names those there are."""
    known = event_types()
    if topic not in known:
        raise UnknownTopic(f"{topic!r} is none of {', '.join(known)}", allowed=list(known))
    return known[topic]


def misfit(envelope: Envelope) -> str | None:
    """Why an event is not what is published on its topic, in a sentence; None if it is.

    Read as strictly as other languages read its JSON Schema: a number in quotes is no number.
    """
    known = event_types().get(envelope.type)
    if known is None:
        return f"no event is published on {envelope.type!r}"
    try:
        known.model_validate_json(envelope.body(), strict=True)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False))
    return None

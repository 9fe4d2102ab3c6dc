"""What may become of a published event, and what its readers would not survive."""

from typing import Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from schemas.compatibility import breaks, shape


class Part(BaseModel):
    name: str


class Told(BaseModel):
    """A fact."""

    count: int = Field(ge=0, description="How many.")
    status: Literal["completed", "failed"]
    note: str | None
    parts: list[Part] = Field(default_factory=list)
    part: Part = Part(name="a")
    title: str = "t"  # a field may be named like a word of JSON Schema


def changed(**fields: Any) -> type[BaseModel]:
    """``Told`` with other fields; None takes one away."""
    kept: dict[str, Any] = {name: (field.annotation, field) for name, field in Told.model_fields.items()}
    kept |= fields
    return create_model("Told", **{name: field for name, field in kept.items() if field is not None})


def found(now: type[BaseModel]) -> list[str]:
    return list(breaks(shape(Told.model_json_schema()), shape(now.model_json_schema())))


class OtherWords(Told):
    """The same in other words."""

    title_of_model: ClassVar[str] = "x"
    count: int = Field(ge=0, description="The number.", examples=[1])


@pytest.mark.parametrize(
    "now",
    [
        Told,
        changed(),
        changed(added=(int, 3)),
        changed(added=(str | None, None)),
        changed(parts=(list[create_model("Part", name=(str, ...), size=(int, 0))], [])),
        OtherWords,
        changed(status=(Literal["failed", "completed"], ...)),
    ],
    ids=["itself", "its copy", "a default", "a null", "a default inside a list", "other words", "another order"],
)
def test_a_field_with_a_default_and_other_words_break_nothing(now: type[BaseModel]) -> None:
    assert found(now) == []


BREAKING: dict[str, tuple[type[BaseModel], str]] = {
    "a field is gone": (changed(note=None), "`note` is gone"),
    "a field is called otherwise": (changed(title=None, name=(str, "t")), "`title` is gone"),
    "a new field is required": (changed(added=(int, ...)), "`added` is new and has no default"),
    "an optional field is required": (changed(title=(str, ...)), "`title` could be missing and is required"),
    "a required field is optional": (changed(note=(str | None, None)), "`note` was always there and may be missing"),
    "a default is another": (changed(title=(str, "u")), '`title` was {"default": "t"} and is {"default": "u"}'),
    "a type is another": (changed(title=(int, 1)), '`title` was {"type": "string"} and is {"type": "integer"}'),
    "a type is narrower": (changed(note=(str, ...)), '`note` was {"anyOf": [{"type": "null"}, {"type": "string"}]}'),
    "a type is wider": (changed(title=(str | None, "t")), '`title` was {"anyOf": null} and is'),
    "a bound is nearer": (changed(count=(int, Field(ge=1))), '`count` was {"minimum": 0} and is {"minimum": 1}'),
    "a bound is new": (changed(count=(int, Field(ge=0, le=9))), '`count` was {"maximum": null} and is {"maximum": 9}'),
    "a value is gone": (changed(status=(Literal["completed"], ...)), "`status` "),
    "a value is new": (changed(status=(Literal["completed", "failed", "lost"], ...)), '`status` may be "lost"'),
    "a field inside is gone": (changed(part=(create_model("Part", size=(int, 0)), None)), "`part.name` is gone"),
    "a field inside a list is gone": (
        changed(parts=(list[create_model("Part", size=(int, 0))], [])),
        "`parts[].name` is gone",
    ),
}


@pytest.mark.parametrize(("now", "said"), BREAKING.values(), ids=BREAKING)
def test_what_breaks_a_reader_is_found_and_named(now: type[BaseModel], said: str) -> None:
    assert any(one.startswith(said) for one in found(now)), found(now)


def test_a_value_that_is_gone_is_named() -> None:
    three = changed(status=(Literal["completed", "failed", "lost"], ...))
    broken = breaks(shape(three.model_json_schema()), shape(Told.model_json_schema()))

    assert list(broken) == ['`status` is never "lost" any more']

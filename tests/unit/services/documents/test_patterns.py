from datetime import date
from typing import Any

import pytest

from services.documents.ontology.property import Property
from services.documents.patterns import values


def first(kind: str, text: str, name: str = "thing", title: str = "", **more: Any) -> Any:
    return next(iter(values(Property(name=name, type=kind, **more), title=title, text=text)), None)  # type: ignore[arg-type]  # a literal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("thing: 12", 12.0),
        ("Thing 12,50 EUR", 12.5),
        ("thing: \u20ac 1.299,50", 1299.5),
        ("thing: $1,299.50", 1299.5),
        ("thing: 1'299", 1299.0),
        ("thing: 1.299", 1299.0),
        ("thing: 0.125", 0.125),
        ("thing: -3", -3.0),
        ("thing\n7 pieces", 7.0),
        ("thing: none", None),
        ("things: 12", None),
        ("a thing: 12", None),
    ],
)
def test_numbers_are_read_as_they_are_written(text: str, number: float | None) -> None:
    assert first("number", text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("thing: 2025-03-09", date(2025, 3, 9)),
        ("thing: 09.03.2025", date(2025, 3, 9)),
        ("thing: 9 maart 2025", date(2025, 3, 9)),
        ("Thing: 9. M\u00e4rz 2025", date(2025, 3, 9)),
        ("thing: March 9, 2025", date(2025, 3, 9)),
        ("published somewhere on 2025-03-09", date(2025, 3, 9)),
        ("thing: 2025-02-30", None),
        ("thing: 9 blah 2025", None),
    ],
)
def test_days_are_read_in_the_ways_people_write_them(text: str, day: date | None) -> None:
    assert first("date", text) == day


def test_other_types_are_read_behind_their_name() -> None:
    assert first("string", "Thing: of oak ") == "of oak"
    assert first("string", "nothing", name="title", title="The title") == "The title"
    assert first("boolean", "thing: Ja") is True
    assert first("boolean", "thing: sold out") is False
    assert first("boolean", "thing: perhaps") is None
    assert first("list", "thing: a, b;c") == ["a", "b", "c"]
    assert first("enum", "It is Red.", values=["green", "red"]) == "red"
    assert first("enum", "It is bored.", values=["green", "red"]) is None
    assert first("string", "in stock: 3", name="in_stock") == "3"


def test_a_long_page_is_read_to_its_end_and_not_for_ever() -> None:
    awkward = "thing " + "1 " * 10_000 + "\n" + "1," * 10_000 + "a" * 10_000

    assert list(values(Property(name="thing", type="date"), title="", text=awkward)) == []
    assert len(list(values(Property(name="thing", type="number"), title="", text=awkward))) <= 20_001

"""What cannot be kept is refused by its place, and problems of a part of a body say which part."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from infra.runtime.http.invalid import InvalidRequest, MalformedJson
from infra.runtime.http.wrong_fields import MAX_DEPTH, placed, refuse_unkept, wrong_field, wrong_fields
from schemas.problem import Problem


class Full(Problem):
    code = "FULL"


class Plan(BaseModel):
    about: dict[str, str] = {}
    size: int = 0

    @field_validator("size")
    @classmethod
    def _small(cls, size: int) -> int:
        if size > 9:
            msg = "must be small"
            raise ValueError(msg)
        return size


def nested(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(levels - 1):
        made = {"a": made}
    return made


@pytest.mark.parametrize(
    "kept", [{}, {"a": None, "b": [True, 1.5, "é", {"c": -(2**63)}], "\N{GRINNING FACE}": 2**63 - 1}, nested(MAX_DEPTH)]
)
def test_what_can_be_kept_is_taken(kept: dict[str, Any]) -> None:
    refuse_unkept(kept)


@pytest.mark.parametrize(
    "value", ["\0", "\udc00", 2**63, -(2**63) - 1, float("nan"), float("-inf"), {"\0": 1}, object(), {1, 2}, b"bytes"]
)
def test_what_cannot_be_kept_is_refused_by_its_place(value: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        refuse_unkept({"a": [0, {"b": value}]})

    assert refused.value.extra["errors"][0]["field"] == "a.1.b"  # type: ignore[index]  # errors are a list


def test_one_level_too_many_is_refused() -> None:
    with pytest.raises(MalformedJson):
        refuse_unkept(nested(MAX_DEPTH + 1))


def test_a_problem_of_a_part_names_the_part() -> None:
    found = placed(wrong_field("x", "must be y"), "jobs.3.payload")

    assert found.detail == "jobs.3.payload.x: must be y"
    assert found.extra["errors"] == [{"field": "jobs.3.payload.x", "message": "must be y"}]


def test_a_problem_without_fields_keeps_what_it_says() -> None:
    found = placed(Full("no room", retry_after=3, limit=7), "jobs.3")

    assert (type(found), found.detail, found.retry_after, found.extra) == (Full, "jobs.3: no room", 3, {"limit": 7})


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"size": 10}, ("plan.size", "must be small")),
        ({"about": []}, ("plan.about", "must be a JSON object")),
        ({"size": "x"}, ("plan.size", "Input should be a valid integer, unable to parse string as an integer")),
    ],
)
def test_a_wrong_field_is_told_in_words_of_the_request(sent: object, named: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as wrong:
        Plan.model_validate(sent)

    found = wrong_fields(wrong.value, below="plan")

    assert found.extra["errors"] == [dict(zip(("field", "message"), named, strict=True))]
    assert found.detail == ": ".join(named)

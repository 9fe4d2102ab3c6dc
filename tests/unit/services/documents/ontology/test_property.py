import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from services.documents.ontology.property import Property, checker

EVERY = [
    Property(name="text", type="string"),
    Property(name="json", type="number"),  # also what pydantic's models have names for
    Property(name="copy", type="integer"),
    Property(name="model_dump", type="boolean"),
    Property(name="day", type="date"),
    Property(name="colour", type="enum", values=["red", "green"]),
    Property(name="sizes", type="list"),
]
RIGHT = {
    "text": "a",
    "json": 1.5,
    "copy": 3,
    "model_dump": True,
    "day": "2025-03-09",
    "colour": "red",
    "sizes": ["S"],
}
WRONG = [
    {"text": 1},
    {"text": ""},
    {"text": "a" * 1001},
    {"json": "1.5"},
    {"copy": 1.5},
    {"copy": 2**60},
    {"copy": True},
    {"model_dump": "yes"},
    {"model_dump": 1},
    {"day": "9 March"},
    {"day": "2025-02-30"},
    {"colour": "blue"},
    {"sizes": "S"},
    {"sizes": [1]},
    {"sizes": ["S"] * 51},
    {"other": 1},
    {"text": None},
]


def test_values_of_their_types_come_through_as_they_are() -> None:
    check = checker(EVERY)

    assert check.dump_python(check.validate_json(json.dumps(RIGHT)), mode="json") == RIGHT
    assert check.validate_json("{}") == {}


@pytest.mark.parametrize("wrong", WRONG)
def test_everything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        checker(EVERY).validate_json(json.dumps(RIGHT | wrong))


@given(
    st.dictionaries(
        st.sampled_from([*RIGHT, "other"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=5)
            | st.sampled_from(["red", "2025-03-09"]),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=4,
        ),
    )
)
def test_what_is_taken_fits_the_schema_that_models_are_shown(values: dict[str, Any]) -> None:
    check = checker(EVERY)
    try:
        taken = check.dump_python(check.validate_json(json.dumps(values)), mode="json")
    except ValidationError:
        return
    Draft202012Validator(check.json_schema()).validate(taken)

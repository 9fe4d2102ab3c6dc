"""Options of a trigger: only those that its provider takes."""

import json
from typing import Any

import pytest

from infra.runtime.http.invalid import InvalidRequest
from services.crawling.face.read_order import read_order
from services.crawling.order import Order

TAKEN = {"bright_data": {"type", "limit_per_input"}}


def read(options: dict[str, Any]) -> Order:
    given = {"dataset_id": "gd_1", "platform": "a", "competitor": "b", "url": "https://a.example", "options": options}
    return read_order(json.dumps(given).encode(), options=TAKEN)[0]


def test_an_option_that_the_provider_does_not_take_is_named_with_those_it_takes() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({"limit_per_input": 3, "notify": "https://a.example", "endpoint": "https://a.example"})

    errors: Any = refused.value.extra["errors"]
    assert {error["field"] for error in errors} == {"options.notify", "options.endpoint"}
    assert "limit_per_input, type" in refused.value.detail


def test_control_options_that_the_provider_takes_are_kept() -> None:
    assert read({"limit_per_input": 3, "type": "discover_new"}).options == {
        "limit_per_input": 3,
        "type": "discover_new",
    }

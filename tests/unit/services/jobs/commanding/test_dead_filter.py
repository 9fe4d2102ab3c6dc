"""Nobody replays everything by leaving something out."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.jobs.commanding.replay_dead_letter import Replay

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no filter": ({}, "Field required"),
    "an empty filter": ({"filter": {}}, "say which dead letters"),
    "a filter of nothing": ({"filter": {"code": None}}, "say which dead letters"),
    "fields beside the filter": ({"filter": {"code": "X"}, "kind": "drill"}, "Extra inputs"),
    "a field that is none": ({"filter": {"status": "failed"}}, "Extra inputs"),
    "a source that is none": ({"filter": {"source": "odd"}}, "'jobs' or 'bus'"),
    "messages of a kind": ({"filter": {"source": "bus", "kind": "drill"}}, "neither kind nor queue"),
    "messages of a queue": ({"filter": {"source": "bus", "queue": "drill"}}, "neither kind nor queue"),
}


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED)
def test_a_replay_that_does_not_say_which_is_refused(body: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Replay.model_validate(body)


@pytest.mark.parametrize("said", [{"code": "X"}, {"kind": "drill", "queue": "drill"}, {"source": "bus"}])
def test_control_one_that_does_is_taken(said: dict[str, Any]) -> None:
    assert Replay.model_validate({"filter": said}).limit == 1_000

"""The page of commands says what the code answers."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.jobs import readme
from services.jobs.commanding.commands import COMMANDS, TABLE, InvalidTransition, legal, require, situation
from services.jobs.job import Job
from services.jobs.shapes import ENDED

ROOT = Path(__file__).parents[5]


def rows() -> dict[str, list[str]]:
    cells = [line.strip("| ").split(" | ") for line in readme.parts()["commands"].splitlines()[2:]]
    return {cell[0]: cell[1:] for cell in cells}


@pytest.mark.parametrize("where", TABLE)
def test_the_page_answers_as_the_code_does(where: str) -> None:
    job = Job(
        id=UUID(int=0),
        tenant="",
        kind="k",
        queue="q",
        attempt=1,
        tries=0,
        max_tries=None,
        claims=1,
        lease_token=1,
        **_at(where),
    )

    for command, answer in zip(COMMANDS, rows()[where], strict=True):
        if answer != "409":
            require(command, job)
        else:
            with pytest.raises(InvalidTransition) as refused:
                require(command, job)
            assert refused.value.extra["legal"] == list(legal(where))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_says_the_status_that_the_route_answers(command: str) -> None:
    answers = {row[COMMANDS.index(command)] for row in rows().values()} - {"409"}

    assert answers == {status for status in _route(command)["responses"] if status.startswith("2")}


def _route(command: str) -> Any:
    paths = json.loads((ROOT / "schemas/generated/openapi.json").read_text())["paths"]
    path, method = {"cancel": ("", "delete"), "priority": ("/priority", "put")}.get(command, (f"/{command}", "post"))
    return paths[f"/api/background/job/{{job_id}}{path}"][method]


def _at(where: str) -> dict[str, Any]:
    wishes = {"pausing": "pause", "cancelling": "cancel"}
    return {"state": "running", "want": wishes[where]} if where in wishes else {"state": where, "want": None}


def test_control_a_changed_rule_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = readme.parts()["commands"]

    monkeypatch.setitem(TABLE, "running", ())  # type: ignore[arg-type]  # it is a dict

    assert readme.parts()["commands"] != before


@pytest.mark.parametrize("state", [*ENDED, "paused"])
def test_a_wish_about_what_is_over_or_paused_means_nothing(state: str) -> None:
    assert situation(state=state, want="cancel") == state

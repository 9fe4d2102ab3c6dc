"""The tables of services/jobs/README.md."""

import pytest

from services.jobs import readme, shapes
from services.jobs.readme import FACES, shown_by
from services.jobs.shapes import MEANT, STATUSES
from services.jobs.store.views import COLUMNS


def cells(part: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in readme.parts()[part].splitlines()[2:]]


def test_every_status_has_a_row_and_a_word_for_each_face() -> None:
    rows = cells("states")

    assert [row[0] for row in rows] == list(STATUSES)
    assert {row[1] for row in rows} == {"queued", "running", "paused", "completed", "failed", "cancelled"}
    assert all(row[2] for row in rows)


@pytest.mark.parametrize("word", STATUSES)
def test_the_table_says_the_word_that_the_lists_find_it_by(word: str) -> None:
    [rough] = [row[1] for row in cells("states") if row[0] == word]

    assert word in MEANT.get(rough, (rough,))


def test_every_field_of_every_face_comes_from_a_column() -> None:
    rows = {row[0].strip("`"): row[1:] for row in cells("fields")}
    assert set(rows) <= set(COLUMNS.split(", "))

    for number, face in enumerate(FACES.values()):
        shown = {name.strip("` ") for row in rows.values() for name in row[number].split(",")} - {""}
        made = {name for column in rows for name in shown_by(column, face)}
        there = set(face({name: values[0] for name, values in readme._COLUMNS.items()}))
        assert shown == made
        assert there - made == (
            {"estimated_time_remaining"} if number == 1 else {"type", "at"} if number == 3 else set()
        )


def test_control_a_renamed_field_changes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = readme.parts()["fields"]

    monkeypatch.setitem(FACES, "`/api/v2/jobs`", lambda row: {"name": row["kind"]})

    assert readme.parts()["fields"] != before


def test_control_a_changed_word_changes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    before = readme.parts()["states"]

    monkeypatch.setitem(shapes.MEANT, "running", ("processing",))

    assert readme.parts()["states"] != before


def test_every_metric_stands_in_its_table_once() -> None:
    rows = {row[0].strip("`"): row[1:] for row in cells("metrics")}

    assert len(rows) == len(cells("metrics"))
    assert rows["headrace_egress_denied_total"][0] == "counter"
    assert {"headrace_http_requests_total", "headrace_jobs", "headrace_database_read"} <= rows.keys()
    assert all(name.startswith("headrace_") and meaning.endswith(".") for name, (_, meaning) in rows.items())

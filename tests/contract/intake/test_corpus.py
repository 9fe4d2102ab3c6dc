"""Awkward files: each has the outcome that is promised, and nothing but a child can die of one."""

import gzip
import json
import time
from pathlib import Path

import pytest

from schemas.problem import Problem
from services.intake.file_problems import FileTooComplex
from services.intake.files.in_bounds import look, read
from tests.contract.intake import workbooks
from tests.contract.intake.corpus import BOMB, CASES, Case, numbered

LETTERS = {"integer": "i", "number": "n", "boolean": "b", "date": "d", "timestamp": "t", "string": "s", "json": "j"}


async def outcome(folder: Path, filename: str, content: bytes) -> dict[str, object]:
    """What becomes of a file: its table, or its code."""
    path = folder / "file"
    path.write_bytes(content)
    try:
        return await read(path, await look(path, filename), folder)
    except Problem as problem:
        return {"code": problem.code, "detail": problem.detail}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.open(path)]


def test_the_corpus_is_large_and_each_of_its_files_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 60
    assert len({case.filename for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.filename)
async def test_an_awkward_file_has_the_outcome_that_is_promised(case: Case, tmp_path: Path) -> None:
    found = await outcome(tmp_path, case.filename, case.content)

    assert found.get("code") == case.code, found
    if case.code is None:
        types = "".join(LETTERS[column["type"]] for column in found["columns"])  # type: ignore[attr-defined]
        assert (found["row_count"], found["reject_count"], types) == (case.rows, case.rejects, case.types)
        assert case.encoding in {None, found["encoding"]}
        rows = lines(tmp_path / "records.ndjson.gz")
        assert len(rows) == case.rows
        assert [list(row) for row in rows] == [[one["name"] for one in found["columns"]]] * case.rows  # type: ignore[attr-defined]
        if case.rejects:
            assert len(lines(tmp_path / "rejects.ndjson.gz")) == case.rejects


@pytest.mark.parametrize(
    ("filename", "bomb", "most"),
    [("bomb.docx", workbooks.fat_document, 300_000), ("bomb.xlsx", workbooks.far_cell, 2_000)],
)
async def test_a_small_bomb_is_refused_within_two_seconds(
    filename: str, bomb: object, most: int, tmp_path: Path
) -> None:
    content = bomb()  # type: ignore[operator]  # a function
    assert len(content) < most
    began = time.monotonic()

    found = await outcome(tmp_path, filename, content)

    assert (found["code"], time.monotonic() - began < 2) == (BOMB, True)


async def test_a_bomb_that_no_look_sees_takes_its_child_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(workbooks.far_row())

    with pytest.raises(FileTooComplex):
        await read(tmp_path / "file", "xlsx", tmp_path)


async def test_a_million_rows_fit_into_the_memory_of_a_child(tmp_path: Path) -> None:
    found = await outcome(tmp_path, "million.csv", numbered(1_000_000))

    assert found["row_count"] == 1_000_000


async def test_values_come_through_unchanged(tmp_path: Path) -> None:
    text = 'zip,price,note,day\n00123,1.50,"x\ny, ""z""",2024-02-29\n,, 😀 ,\n'
    await outcome(tmp_path, "rows.csv", text.encode())

    assert lines(tmp_path / "records.ndjson.gz") == [
        {"zip": "00123", "price": 1.5, "note": 'x\ny, "z"', "day": "2024-02-29"},
        {"zip": None, "price": None, "note": " 😀 ", "day": None},
    ]


async def test_of_a_workbook_what_its_maker_sees_is_taken(tmp_path: Path) -> None:
    found = await outcome(tmp_path, "book.xlsx", workbooks.hidden_first())

    assert found["notes"] == ["Of 2 sheets only 'seen' was taken."]
    assert lines(tmp_path / "records.ndjson.gz") == [{"took": "30:00:00"}, {"took": "12:00:00"}, {"took": "0:00:01"}]


async def test_values_of_json_come_through_unchanged(tmp_path: Path) -> None:
    text = '[\n {"n": 12345678901234567.891,\n  "o": {\n   "k": ["a\\nb", null]\n  },\n  "z": "x\\u0000y"}\n]'
    await outcome(tmp_path, "rows.json", text.encode())

    assert lines(tmp_path / "records.ndjson.gz") == [
        {"n": "12345678901234567.891", "o": {"k": ["a\nb", None]}, "z": "x\0y"}
    ]


async def test_a_profile_has_no_character_that_no_row_can_keep(tmp_path: Path) -> None:
    found = await outcome(tmp_path, "rows.json", b'[{"a":"\\u0000x"},{"a":"y\\u0000"}]')

    [ends] = found["profile"]  # type: ignore[misc]
    assert (ends["min"], ends["max"]) == ("\N{REPLACEMENT CHARACTER}x", "y\N{REPLACEMENT CHARACTER}")


async def test_rejects_say_where_and_why(tmp_path: Path) -> None:
    await outcome(tmp_path, "rows.csv", b"a,b\n1,2\n3,4,5\n6\n7,8\n9,10\n")

    found = lines(tmp_path / "rejects.ndjson.gz")
    assert [(one["line"], one["reason"], one["raw"]) for one in found] == [
        (3, "TOO MANY COLUMNS", "3,4,5"),
        (4, "MISSING COLUMNS", "6"),
    ]

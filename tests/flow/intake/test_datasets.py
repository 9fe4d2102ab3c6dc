"""Datasets: listed, paged through, described and exported."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pyarrow.parquet as pq
import pytest

from services.intake.datasets.export_dataset import harmless
from tests.flow.intake.importing import Desk, importing

ROWS = [{"n": n, "text": f"row {n}", "half": n / 2, "even": n % 2 == 0} for n in range(120)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
RISKY = [
    *("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"),
    *(" =1", "\u00a0=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "a\n=1", "a\r\n @x"),
]
HARMLESS = ["", "a=1", "1-2", "mail@x", "a\nb", "'=1", "007"]


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def paged(desk: Desk, path: str, **query: Any) -> list[Any]:
    """All items of a list, page by page."""
    items: list[Any] = []
    token: dict[str, str] = {}
    while True:
        status, body = await desk.get(path, **query, **token)
        assert status == 200, body
        items += body["items"]
        if body["next_page_token"] is None:
            return items
        token = {"page_token": body["next_page_token"]}


@pytest.mark.parametrize("page_size", [7, 120, 200])
async def test_rows_are_paged_in_the_order_of_the_file(desk: Desk, page_size: int) -> None:
    dataset = await desk.dataset(LINES, "rows.ndjson")

    assert await paged(desk, f"/api/v1/datasets/{dataset['id']}/rows", page_size=page_size) == ROWS


async def test_a_token_belongs_to_its_dataset(desk: Desk) -> None:
    one, other = await desk.dataset(LINES, "a.ndjson"), await desk.dataset(LINES + LINES, "b.ndjson")
    _, body = await desk.get(f"/api/v1/datasets/{one['id']}/rows", page_size=1)

    token = body["next_page_token"]
    assert (await desk.get(f"/api/v1/datasets/{one['id']}/rows", page_token=token))[0] == 200
    assert (await desk.get(f"/api/v1/datasets/{other['id']}/rows", page_token=token))[0] == 400


async def test_datasets_are_listed_newest_first(desk: Desk) -> None:
    made = [(await desk.dataset(b"a\n%d\n" % n, f"{n}.csv"))["id"] for n in range(3)]

    found = await paged(desk, "/api/v1/datasets", page_size=2)
    assert [one["id"] for one in found] == made[::-1]
    assert await paged(desk, "/api/v1/datasets", source_id=made[0]) == []


async def test_a_profile_tells_what_values_are_like(desk: Desk) -> None:
    dataset = await desk.dataset(b"n,s,d\n1,x,2024-01-02\n5,,2024-01-01\n,x,\n", "rows.csv")
    status, profile = await desk.get(f"/api/v1/datasets/{dataset['id']}/profile")

    told = [
        (one["name"], one["type"], one["nulls"], one["distinct"], one["min"], one["max"]) for one in profile["columns"]
    ]
    assert (status, profile["row_count"]) == (200, 3)
    assert told == [
        ("n", "integer", 1, 2, 1, 5),
        ("s", "string", 1, 1, "x", "x"),
        ("d", "date", 1, 2, "2024-01-01", "2024-01-02"),
    ]


async def test_an_export_has_the_rows_in_each_form(desk: Desk) -> None:
    dataset = await desk.dataset(LINES, "r\u00f6ws.ndjson")
    path = f"/api/v1/datasets/{dataset['id']}/export"

    lines, headers = await desk.fetch(path, format="ndjson")
    assert [json.loads(line) for line in lines.splitlines()] == ROWS
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''r%C3%B6ws.ndjson"
    assert headers["X-Content-Type-Options"] == "nosniff"

    table = pq.read_table(io.BytesIO((await desk.fetch(path, format="parquet"))[0]))
    assert table.to_pylist() == ROWS

    text = (await desk.fetch(path, format="csv"))[0].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[3] == {"n": "3", "text": "row 3", "half": "1.5", "even": "false"}

    book = openpyxl.load_workbook(io.BytesIO((await desk.fetch(path, format="xlsx"))[0]))
    cells = [[cell.value for cell in row] for row in book["rows"].iter_rows()]
    assert cells == [list(ROWS[0]), *[list(row.values()) for row in ROWS]]


async def test_no_cell_of_an_export_is_a_formula(desk: Desk) -> None:
    lines = "".join(json.dumps({"=head": text, "n": -1}) + "\n" for text in RISKY)
    dataset = await desk.dataset(lines.encode(), "rows.ndjson")
    path = f"/api/v1/datasets/{dataset['id']}/export"

    rows = list(csv.reader(io.StringIO((await desk.fetch(path, format="csv"))[0].decode(), newline="")))
    assert rows[0] == ["'=head", "n"]
    assert [row[0][0] for row in rows[1:]] == ["'"] * len(RISKY)
    assert {row[1] for row in rows[1:]} == {"-1"}

    book = openpyxl.load_workbook(io.BytesIO((await desk.fetch(path, format="xlsx"))[0]))
    kinds = {cell.data_type for row in book["rows"].iter_rows() for cell in row}
    assert kinds <= {"s", "n"}

    plain = (await desk.fetch(path, format="ndjson"))[0]
    assert [json.loads(line)["=head"] for line in plain.splitlines()] == RISKY


@pytest.mark.parametrize("text", RISKY)
def test_what_could_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_control_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


async def test_a_dataset_that_is_not_there_is_not_found(desk: Desk) -> None:
    for path in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        for more in ("", "/rows", "/profile", "/export"):
            status, body = await desk.get(f"/api/v1/datasets/{path}{more}")
            assert (status, body["code"]) == (404, "NOT_FOUND")

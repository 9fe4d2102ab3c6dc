"""``headrace query``: the published rows of a data directory, with nothing running."""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.local.ask import NothingStored, QuestionRefused, ask
from infra.runtime.configuration.settings import read_settings
from schemas.load_source import LoadSource
from schemas.tables import warehouse_tables

HEADRACE = Path(sys.executable).with_name("headrace")
COUNT = "SELECT competitor, count(*) AS posts FROM records GROUP BY competitor"


async def lines() -> AsyncIterator[bytes]:
    yield gzip.compress(b'{"id": 1}\n{"id": 2}\n')


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """Two published rows, and no database."""
    lake = Lake(tmp_path / "lake")
    stored = await lake.create("a.ndjson.gz", lines())
    warehouse = Warehouse(tmp_path / "warehouse", lake, warehouse_tables(), judges={"is_error": lambda _: False})
    named = dict.fromkeys(("tenant", "provider", "platform", "dataset_id"), "x")
    columns = {**named, "competitor": "acme", "stored_at": datetime(2026, 1, 2, tzinfo=UTC)}
    source = LoadSource(object_name=stored.name, key="c1", attempt=1, columns=columns)
    await warehouse.load("l1", "records", [source])
    await warehouse.publish("records", {"c1": 1})
    return tmp_path


def run(data_dir: Path, sql: str) -> subprocess.CompletedProcess[str]:
    command = [HEADRACE, "query", sql, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_the_published_rows_answer(data_dir: Path) -> None:
    assert await ask(read_settings(data_dir=data_dir), COUNT) == [{"competitor": "acme", "posts": 2}]


async def test_fields_of_a_record_are_read_as_the_readme_says(data_dir: Path) -> None:
    assert await ask(read_settings(data_dir=data_dir), "SELECT record->>'$.id' AS id FROM records ORDER BY row_no") == [
        {"id": "1"},
        {"id": "2"},
    ]


def test_a_pipe_gets_one_json_object_a_line(data_dir: Path) -> None:
    answer = run(data_dir, "SELECT row_no, stored_at, record FROM records ORDER BY row_no")

    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(row["row_no"], json.loads(row["record"])) for row in rows] == [(1, {"id": 1}), (2, {"id": 2})]
    assert rows[0]["stored_at"].startswith("2026-01-02")


@pytest.mark.parametrize("sql", ["DROP TABLE records", "SELEC", "SELECT * FROM nowhere", ""])
async def test_what_is_no_question_is_refused_with_an_example(data_dir: Path, sql: str) -> None:
    with pytest.raises(QuestionRefused) as refused:
        await ask(read_settings(data_dir=data_dir), sql)

    assert "README.md" in refused.value.recovery
    assert [table for table in warehouse_tables() if f"`{table}`" not in refused.value.recovery] == []


def test_a_directory_without_a_lake_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NothingStored):
        asyncio.run(ask(read_settings(data_dir=tmp_path), COUNT))

    assert list(tmp_path.iterdir()) == []


def test_control_a_refusal_is_a_sentence_and_an_exit_code(tmp_path: Path) -> None:
    answer = run(tmp_path, COUNT)

    assert (answer.returncode, answer.stdout) == (1, "")
    assert "HEADRACE_DATA_DIR" in answer.stderr
    assert "Traceback" not in answer.stderr

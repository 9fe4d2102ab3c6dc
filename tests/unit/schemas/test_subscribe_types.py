"""A subscriber's types are known to mypy: fields that exist check, others do not."""

from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[3]
SOURCE = """
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from schemas.subscribe import Subscriber, subscribe

@subscribe("data.ingestion.completed")
def load(event: DataIngestionCompleted) -> None:
    path: str = event.gcs_path
    count: int = event.{field}

@subscribe("data.ingestion.completed")
async def index(event: DataIngestionCompleted) -> None:
    ...

kept: Subscriber[DataIngestionCompleted] = load
same: Subscriber[DataIngestionCompleted] = index
"""


@pytest.mark.parametrize(("field", "errors"), [("row_count", 0), ("gcs_path", 1), ("no_such_field", 1)])
def test_mypy_knows_the_fields_of_an_event(tmp_path: Path, field: str, errors: int) -> None:
    file = tmp_path / "pipeline.py"
    file.write_text(SOURCE.format(field=field))

    out, _, status = api.run(
        ["--strict", "--follow-imports=silent", f"--config-file={ROOT / 'pyproject.toml'}", str(file)]
    )

    assert (status, out.count("error:")) == (min(errors, 1), errors), out

"""Questions to the embedded warehouse of a data directory. Nothing needs to run for them, and nothing is made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from schemas.load_source import WarehouseRejected
from schemas.problem import Problem
from schemas.tables import warehouse_tables


class QuestionRefused(Problem):
    """The warehouse does not answer this SQL."""

    code: ClassVar[str] = "QUESTION_REFUSED"
    title: ClassVar[str] = "The question is not answered"
    recovery: ClassVar[str] = (
        "Ask one question over the tables `records` and `job_history`; README.md has an example and their columns."
    )


class NothingStored(Problem):
    """No crawl was ever run in this data directory."""

    code: ClassVar[str] = "NOTHING_STORED"
    title: ClassVar[str] = "There is nothing to ask"
    recovery: ClassVar[str] = "Run a crawl first (make demo), or set HEADRACE_DATA_DIR to the directory that was used."


async def ask(data_dir: Path, sql: str) -> list[dict[str, Any]]:
    """The published rows that answer this SQL. Raises ``QuestionRefused``, ``NothingStored``."""
    if not (data_dir / "lake").is_dir():
        raise NothingStored(f"{data_dir} holds no lake")
    tables = cast("Mapping[str, Sequence[Mapping[str, str]]]", warehouse_tables())
    try:
        return await Warehouse(data_dir / "warehouse", Lake(data_dir / "lake"), tables).query(sql)
    except WarehouseRejected as error:
        raise QuestionRefused(error.detail) from error

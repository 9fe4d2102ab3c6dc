"""Questions to the warehouse. To the embedded one nothing needs to run for them, and nothing is made."""

import asyncio
from contextlib import closing
from typing import Any, ClassVar

from infra.runtime.adapters import open_lake, open_warehouse
from infra.runtime.configuration.emulated import with_emulators
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.settings import Settings
from schemas.load_source import WarehouseRejected
from schemas.problem import Problem


class QuestionRefused(Problem):
    """The warehouse does not answer this SQL."""

    code: ClassVar[str] = "QUESTION_REFUSED"
    title: ClassVar[str] = "The question is not answered"
    recovery: ClassVar[str] = (
        "Ask one question over the tables `records`, `dataset_rows`, `crawls`, `job_history` and `events`; README.md"
        " has examples, schemas/generated/warehouse the columns."
    )


class NothingStored(Problem):
    """No crawl was ever run in this data directory."""

    code: ClassVar[str] = "NOTHING_STORED"
    title: ClassVar[str] = "There is nothing to ask"
    recovery: ClassVar[str] = "Run a crawl first (make demo), or set HEADRACE_DATA_DIR to the directory that was used."


async def ask(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """The published rows that answer this SQL.

    Raises ``QuestionRefused``, ``NothingStored``, and what ``placed``, ``with_emulators`` and the adapters raise.
    """
    settings = await asyncio.to_thread(with_emulators, placed(settings))
    if settings.lake_url is None and not (settings.data_dir / "lake").is_dir():
        raise NothingStored(f"{settings.data_dir} holds no lake")
    try:
        with closing(open_lake(settings)) as lake, closing(open_warehouse(settings, lake, {})) as warehouse:
            return await warehouse.query(sql)
    except WarehouseRejected as error:
        raise QuestionRefused(error.detail) from error

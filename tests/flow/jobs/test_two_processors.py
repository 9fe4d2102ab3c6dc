"""Two processors in one process are two workers."""

from pathlib import Path
from typing import Any

import asyncpg

from services.jobs.processor import BackgroundProcessor, create_background_processor
from tests.flow.jobs.python_face import over, until


async def _names(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [row["name"] for row in await connection.fetch("SELECT name FROM workers")]
    finally:
        await connection.close()


def names(processor: BackgroundProcessor, dsn: str) -> list[Any]:
    return processor._host.run(_names(dsn))


def test_each_is_listed_and_one_that_leaves_does_not_take_the_other_along(
    processor: BackgroundProcessor, database_dsn: str, tmp_path: Path
) -> None:
    with create_background_processor(database_url=database_dsn, data_dir=tmp_path):
        both = until(lambda: len(found := names(processor, database_dsn)) == 2 and found)
    left = names(processor, database_dsn)

    assert len(set(both)) == 2
    assert left == [processor._host.runtime.name]
    assert over(processor, processor.submit_job(kind="drill")).status.value == "completed"

"""A caller before the faces, to whom nothing may be answered that their document does not tell."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.intake.sources import Sources
from tests.flow.jobs.contract import caller


@pytest.fixture
async def sources(database_dsn: str, tmp_path: Path) -> AsyncIterator[Sources]:
    async with caller(database_dsn, tmp_path) as at:
        yield Sources(at)
        assert at.surprises == []

"""The face of documents, served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.documents.desk import Desk, desk


@pytest.fixture
async def editor(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An editor at the face."""
    async with desk(database_dsn, tmp_path) as opened:
        yield opened

"""The face of documents, served; and crawls whose records become documents."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.crawling.conftest import house
from tests.flow.crawling.rig import House
from tests.flow.documents.desk import Desk, desk
from tests.flow.documents.shelf import Shelf

__all__ = ["house"]


@pytest.fixture
async def editor(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An editor at the face."""
    async with desk(database_dsn, tmp_path) as opened:
        yield opened


@pytest.fixture
def shelf(house: House) -> Shelf:
    """Documents of the crawls of a house."""
    return Shelf(house)

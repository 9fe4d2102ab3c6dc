from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.crawling.rig import House, open_house


@pytest.fixture
async def house(database_dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    """The crawling context with a simulated provider; orders of unknown fate settle after an hour."""
    async with open_house(database_dsn, tmp_path) as house:
        yield house

"""The face of documents, served; and crawls whose records become documents."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from infra.runtime.http.faces import faces
from tests.contract.http.house import serving
from tests.flow.crawling.conftest import house
from tests.flow.crawling.firecrawl.conftest import fire
from tests.flow.crawling.rig import House
from tests.flow.documents.desk import Desk, desk
from tests.flow.documents.shelf import Shelf
from tests.flow.website.conftest import house as web_house
from tests.flow.website.conftest import site

__all__ = ["fire", "house", "site", "web_house"]


@pytest.fixture
async def editor(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An editor at the face."""
    async with desk(database_dsn, tmp_path) as opened:
        yield opened


@pytest.fixture
def shelf(house: House) -> Shelf:
    """Documents of the crawls of a house."""
    return Shelf(house)


@pytest.fixture
async def reader(house: House) -> AsyncIterator[Desk]:
    """Whoever looks at documents of that house."""
    runtime = house.runtime
    async with serving(faces(runtime, ["documents"])) as port, aiohttp.ClientSession() as http:
        yield Desk(f"http://127.0.0.1:{port}", http, runtime)

"""Captures of the bundled site with real Chromium, over a real database and lake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.simulators import site
from infra.postgres.database import Database
from infra.runtime.browser.pool import Browsers, browsers
from infra.runtime.configuration.settings import read_settings
from tests.contract.intake.capturing.studio import Studio


@pytest.fixture
async def shop() -> AsyncIterator[site.Site]:
    """The site, which misbehaves when it is asked to."""
    server = await site.serve(faults=True)
    yield server
    await server.close()


@pytest.fixture
async def pool() -> AsyncIterator[Browsers]:
    async with browsers(read_settings(), "http://127.0.0.1:9") as made:
        yield made


@pytest.fixture
def studio(database: Database, pool: Browsers, shop: site.Site, tmp_path: Path) -> Studio:
    return Studio(database, pool, shop, tmp_path / "lake")

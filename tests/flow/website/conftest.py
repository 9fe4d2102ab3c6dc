"""A site and a house that may reach it, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import open_runtime
from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, serving


@pytest.fixture
async def site() -> AsyncIterator[Web]:
    """A web site without pages."""
    async with serving(Web()) as found:
        yield found


@pytest.fixture
async def house(database_dsn: str, tmp_path: Path, site: Web) -> AsyncIterator[WebHouse]:
    """The crawling context, which may reach the site and pauses between no two requests."""
    settings = {
        "data_dir": tmp_path,
        "database_url": Secret(database_dsn),
        "egress_allow": site.host,
        "website_delay_seconds": 0.0,
        "website_requests_a_host": 4,
        "bright_data_api_url": "http://127.0.0.1:9",
    }
    async with open_runtime(read_settings(**settings)) as runtime:
        yield WebHouse(runtime=runtime)

"""What tests of callers share."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.contract.auth.issuer import Google, google


@pytest.fixture
async def issuer() -> AsyncIterator[Google]:
    """A Google that serves its keys."""
    async with google() as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client as the runtime has it: it decodes nothing."""
    async with aiohttp.ClientSession(auto_decompress=False) as made:
        yield made

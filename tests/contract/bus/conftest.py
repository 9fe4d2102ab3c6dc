"""Every bus goes through the same tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.contract.bus.rig import EmbeddedRig, Rig


@pytest.fixture(params=["embedded"])
async def rig(request: pytest.FixtureRequest, database_dsn: str) -> AsyncIterator[Rig]:
    """A bus of its own for each test."""
    async with AsyncExitStack() as stack:
        yield EmbeddedRig(database_dsn, stack)

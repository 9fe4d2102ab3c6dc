"""Every bus goes through the same tests; where one is known to differ, the test must fail."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.contract.bus.differences import EMULATOR, PUSHED_BY_PUBSUB
from tests.contract.bus.rig import EmbeddedRig, PubSubRig, Rig


@pytest.fixture(params=["embedded", "pubsub"])
async def rig(request: pytest.FixtureRequest, database_dsn: str) -> AsyncIterator[Rig]:
    """A bus of its own for each test."""
    async with AsyncExitStack() as stack:
        if request.param == "embedded":
            yield EmbeddedRig(database_dsn, stack)
        else:
            yield PubSubRig(request.getfixturevalue("pubsub_emulator"), database_dsn, stack)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == Path(__file__).parent and "[pubsub" in item.name:
            reason = {**EMULATOR, **PUSHED_BY_PUBSUB}.get(item.originalname)
            if reason is not None:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))

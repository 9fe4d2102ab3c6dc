"""An order is kept while the provider is down, and the system's own restart changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.conftest import Api, System, order


@pytest.fixture
def system(folder: Path) -> Iterator[System]:
    """Alone in the world: its provider does not run yet."""
    running = System(folder, HEADRACE_RETRY_BASE_SECONDS="0.2", HEADRACE_RETRY_CAP_SECONDS="1")
    running.start()
    yield running
    running.stop()


async def test_an_order_waits_for_its_provider(system: System, http: aiohttp.ClientSession) -> None:
    await system.ready(http)
    api = Api(http, system)

    status, answer = await api.post("/api/v1/crawl/trigger", order("ready_after:0.1,records:4"))
    assert (status, answer["status"], answer["snapshot_id"]) == (202, "success", None)

    system.start_provider()
    found = await api.ended(answer["crawl_id"], seconds=60)
    assert (found["pipeline_status"], found["result"]["row_count"]) == ("completed", 4)
    assert len((await api.ledger())["snapshots"]) == 1

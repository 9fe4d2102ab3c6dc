"""A batch that no queue ever has room for is told so, and not to come again."""

from pathlib import Path
from typing import Any

from tests.flow.jobs.counter import Counter, counter


async def sent(desk: Counter, jobs: int) -> tuple[int, Any, Any]:
    body = {"kind": "drill", "jobs": [{}] * jobs}
    async with desk.http.post(f"{desk.url}/api/background/submit-batch", json=body) as answer:
        return answer.status, (await answer.json())["code"], answer.headers.get("Retry-After")


async def test_a_batch_larger_than_its_queue_is_refused_for_good(database_dsn: str, tmp_path: Path) -> None:
    async with counter(database_dsn, tmp_path, max_queue_size=3) as desk:
        never = await sent(desk, 4)
        await desk.accepted()
        later = await sent(desk, 3)

        assert never == (413, "BATCH_EXCEEDS_QUEUE", None)
        assert later == (429, "QUEUE_FULL", "5")  # control: as large as the queue, which is not empty now

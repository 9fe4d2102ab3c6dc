"""What lies in the lake for nobody goes when it was unknown for a day; what anybody knows stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from functions import clean_up
from services.intake import sweep_strays as sweeping
from services.intake.sweep_strays import sweep_strays
from services.jobs.job import NewJob
from services.jobs.store import history, queue
from tests.flow.intake.importing import Desk, importing

ROWS = b"a,b\n1,2\n"
LEAVING = {"days": 30, "dead_letter_days": 30, "key_days": 1, "limit": 10, "most_bytes": 1 << 20}


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def lay(desk: Desk, name: str) -> str:
    async def block() -> AsyncIterator[bytes]:
        yield ROWS

    await desk.runtime.lake.create(name, block())
    return name


async def upload(desk: Desk) -> str:
    return await lay(desk, f"uploads/default/{uuid4()}/original")


async def there(desk: Desk) -> set[str]:
    return {name for prefix in ("uploads/", "captures/") async for name in desk.runtime.lake.list(prefix)}


async def sweep(desk: Desk, stop: asyncio.Event | None = None) -> int:
    return await sweep_strays(stop or asyncio.Event(), database=desk.runtime.database, lake=desk.runtime.lake)


async def sweep_twice(desk: Desk) -> int:
    """Today, and a day later."""
    assert await sweep(desk) == 0
    await desk.runtime.database.pool.execute("UPDATE strays SET seen_at = seen_at - interval '1 day'")
    return await sweep(desk)


async def job(desk: Desk, kind: str) -> UUID:
    made = NewJob(id=uuid4(), kind=kind, queue=kind, payload={})
    async with desk.runtime.database.transaction() as tx:
        await queue.enqueue(tx, made)
    return made.id


async def archive(desk: Desk, job_id: UUID, kind: str) -> None:
    await desk.runtime.database.pool.execute(
        "UPDATE jobs SET state = 'completed', finished_at = now() - interval '31 days' WHERE id = $1", job_id
    )
    async with desk.runtime.database.transaction() as tx:
        assert await history.leave(tx, uuid4(), kinds=[kind], **LEAVING) == 1


async def test_an_upload_that_nobody_knows_for_a_day_goes(desk: Desk) -> None:
    await upload(desk)

    assert await sweep_twice(desk) == 1

    assert await there(desk) == set()


async def test_control_what_a_job_or_a_dataset_knows_stays(desk: Desk) -> None:
    await desk.dataset(ROWS)
    await desk.runtime.database.pool.execute("DELETE FROM jobs")
    await desk.accepted(b"a,b\n3,4\n")
    known = await there(desk)
    assert len(known) == 2

    assert await sweep_twice(desk) == 0

    assert await there(desk) == known


async def test_an_upload_that_becomes_known_is_no_stray_any_more(desk: Desk) -> None:
    job_id = uuid4()
    name = await lay(desk, f"uploads/default/{job_id}/original")
    assert await sweep(desk) == 0
    async with desk.runtime.database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=job_id, kind="import", queue="import", payload={}))

    assert await sweep_twice(desk) == 0

    assert await there(desk) == {name}
    assert await desk.runtime.database.pool.fetchval("SELECT count(*) FROM strays") == 0


async def test_the_file_of_an_import_goes_once_its_job_is_archived(desk: Desk) -> None:
    job_id = await job(desk, "import")
    await lay(desk, f"uploads/default/{job_id}/original")
    await archive(desk, job_id, "import")

    assert await sweep_twice(desk) == 1


async def test_a_capture_stays_while_its_job_is_found_even_when_that_is_archived(desk: Desk) -> None:
    jobs = [await job(desk, "capture")]
    await archive(desk, jobs[0], "capture")
    jobs.append(await job(desk, "capture"))
    known = {await lay(desk, f"captures/default/{one}/1/page.png") for one in jobs}
    stray = await lay(desk, f"captures/default/{uuid4()}/1/page.png")
    assert stray in await there(desk)

    assert await sweep_twice(desk) == 1

    assert await there(desk) == known


async def test_all_are_looked_at_however_many_they_are(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 3)
    for _ in range(8):
        await upload(desk)

    assert await sweep_twice(desk) == 8


async def test_who_is_told_to_stop_stops(desk: Desk) -> None:
    name = await upload(desk)
    assert await sweep(desk) == 0
    await desk.runtime.database.pool.execute("UPDATE strays SET seen_at = seen_at - interval '1 day'")
    stop = asyncio.Event()
    stop.set()

    assert await sweep(desk, stop) == 0

    assert await there(desk) == {name}


async def test_what_is_not_named_as_ours_is_left_alone(desk: Desk) -> None:
    name = await lay(desk, "uploads/default/by-hand.csv")

    assert await sweep_twice(desk) == 0

    assert await there(desk) == {name}


async def test_the_clean_up_sweeps(desk: Desk) -> None:
    await upload(desk)
    await sweep(desk)
    await desk.runtime.database.pool.execute("UPDATE strays SET seen_at = seen_at - interval '1 day'")

    await clean_up.main.function.build(desk.runtime)(asyncio.Event())

    assert await there(desk) == set()

"""The timelines of jobs after the database was restored into another cluster: each line counts once, and in order."""

import pytest

from infra.postgres.database import Database
from infra.postgres.instance import recognise_restore
from services.jobs.store.lines import LINES
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.rig import Desk, done

AHEAD = 9_000_000_000_000


async def worked(desk: Desk, count: int) -> None:
    await desk.queue(count)
    await desk.drain(done)


async def completed(database: Database) -> int:
    return int(await database.pool.fetchval("SELECT sum(count) FROM job_totals WHERE type = 'completed'"))


async def restored(desk: Desk, *, shift: int = AHEAD) -> None:
    """Three completed jobs that were counted and two that were not, in a database that came from elsewhere."""
    await recognise_restore(desk.database)
    await worked(desk, 3)
    await roll_up(desk.database)
    await worked(desk, 2)
    for table in ("job_events", "job_stats_cursor"):
        await desk.database.pool.execute(
            f"UPDATE {table} SET xid = (xid::text::bigint + $1)::text::xid8",  # two constants
            shift,
        )
    await desk.database.pool.execute("UPDATE instance SET cluster = cluster - 1")


@pytest.mark.parametrize("shift", [AHEAD, -100])
async def test_after_a_restore_every_end_is_counted_once(desk: Desk, shift: int) -> None:
    await restored(desk, shift=shift)

    assert await recognise_restore(desk.database)
    await worked(desk, 4)
    await roll_up(desk.database)

    assert await completed(desk.database) == 9
    await worked(desk, 1)
    await roll_up(desk.database)
    assert await completed(desk.database) == 10
    assert await roll_up(desk.database) == 0


async def test_control_unrecognised_counting_stops(desk: Desk) -> None:
    await restored(desk)

    await worked(desk, 4)
    await roll_up(desk.database)

    assert await completed(desk.database) == 3


async def test_lines_from_before_a_restore_come_before_those_that_follow(desk: Desk) -> None:
    await restored(desk)
    await recognise_restore(desk.database)
    await worked(desk, 1)
    await roll_up(desk.database)

    async with desk.database.reading() as tx:
        page = await LINES.page(tx, await LINES.start(tx), None, limit=1000)

    numbers = [told.cursor.number for told in page]
    assert numbers == sorted(numbers)
    assert len(numbers) == await desk.database.pool.fetchval("SELECT count(*) FROM job_events")


async def test_a_raised_epoch_alone_counts_nothing_again(desk: Desk) -> None:
    await worked(desk, 3)
    await roll_up(desk.database)
    await desk.database.pool.execute("UPDATE instance SET epoch = epoch + 1")

    assert await roll_up(desk.database) == 0

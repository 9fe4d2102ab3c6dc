"""What callers see of a job that is archived: itself where it is asked for by its id, and not in lists."""

import asyncio

from functions import clean_up
from tests.flow.jobs.reader import Reader

OLD = "state = 'completed', progress = 100, result = '{\"n\": 1}', finished_at = now() - interval '31 day'"


async def test_an_archived_job_is_found_by_its_id_and_in_no_list(reading: Reader) -> None:
    [old] = await reading.queue(kind="drill", queue="drill", columns=OLD, metadata={"m": 1})
    paths = [f"/api/background/job/{old}", f"/api/v2/jobs/{old}", f"/api/background/job/{old}/progress"]
    before = [await reading.read(path) for path in paths]
    listed = await reading.ids()

    await clean_up.main.build(reading.counter.runtime)(asyncio.Event())

    assert [await reading.read(path) for path in paths] == before
    assert before[0]["result"] == {"n": 1}
    assert (listed, await reading.ids()) == ([old], [])


async def test_control_a_younger_job_stays_in_lists(reading: Reader) -> None:
    [young] = await reading.queue(kind="drill", queue="drill", columns=OLD.replace("31", "29"))

    await clean_up.main.build(reading.counter.runtime)(asyncio.Event())

    assert await reading.ids() == [young]

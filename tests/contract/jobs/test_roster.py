"""Which processes work jobs, and how busy they are."""

import asyncio
from pathlib import Path

import pytest

from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime, open_runtime
from services.jobs.function import works
from services.jobs.job import Work
from services.jobs.store import workers
from services.jobs.watching.roster import GONE_SECONDS, SEEN_SECONDS, roster
from services.jobs.watching.utilisation import utilisation
from tests.contract.jobs.rig import Desk, for_ever, until


async def seen(runtime: Runtime) -> list[dict[str, object]]:
    async with runtime.database.reading() as tx:
        return await workers.seen(tx, within_seconds=SEEN_SECONDS)


async def test_a_process_is_seen_while_it_works_and_not_afterwards(database_dsn: str, tmp_path: Path) -> None:
    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path)) as runtime:
        desk, stop = Desk(runtime.database), asyncio.Event()
        functions = [
            works(queue=queue, kind="k", concurrency=lambda _: 4)(lambda _: Work(run=for_ever)) for queue in "qr"
        ]
        serving = [asyncio.create_task(function.serve(runtime, stop)) for function in functions]
        await runtime.once(roster).report()  # what it holds is known without another report
        [job_id] = await desk.queue()
        await desk.reaches(job_id, "running")
        [worker] = await seen(runtime)
        stop.set()
        runtime.doorbell.rouse()
        await asyncio.gather(*serving)
        left = await seen(runtime)

    assert (worker["name"], worker["slots"], worker["busy"]) == (runtime.name, {"q": 4, "r": 4}, {"q": 1})
    assert utilisation([worker])["utilisation"] == 25.0
    assert left == []


async def test_a_process_says_so_by_itself_as_soon_as_it_serves(database_dsn: str, tmp_path: Path) -> None:
    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path)) as runtime:
        stop = asyncio.Event()
        serving = asyncio.create_task(works(queue="q", kind="k")(lambda _: Work(run=for_ever)).serve(runtime, stop))
        await until(lambda: seen(runtime))
        stop.set()
        runtime.doorbell.rouse()
        await serving


@pytest.mark.parametrize("sign", ["-", "+"])  # in the future: by a clock that was set back since
async def test_a_process_that_went_silent_is_not_counted_and_soon_forgotten(desk: Desk, sign: str) -> None:
    async def report(name: str) -> None:
        async with desk.database.transaction() as tx:
            now = await tx.fetchval("SELECT now()")
            await workers.report(tx, name, host="h", pid=1, started_at=now, slots={"q": 1})

    await report("silent")
    await desk.database.pool.execute(f"UPDATE workers SET seen_at = now() {sign} $1 * interval '1 s'", SEEN_SECONDS + 1)
    async with desk.database.transaction() as tx:
        assert await workers.seen(tx, within_seconds=SEEN_SECONDS) == []
        assert await workers.forget(tx, unseen_seconds=GONE_SECONDS) == 0
    await desk.database.pool.execute(f"UPDATE workers SET seen_at = now() {sign} $1 * interval '1 s'", GONE_SECONDS + 1)
    async with desk.database.transaction() as tx:
        assert await workers.forget(tx, unseen_seconds=GONE_SECONDS) == 1

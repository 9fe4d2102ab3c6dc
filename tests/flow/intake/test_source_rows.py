"""What the rows of data sources hold to: no job without its source, and no look at all jobs."""

import asyncio
from uuid import UUID, uuid4

from infra.postgres.database import Database
from services.intake.data_sources.capture_job import capture_job
from services.intake.store import sources as rows
from services.jobs.store import queue
from services.jobs.store.sources import _STATUSES
from tests.contract.jobs.rig import until
from tests.flow.intake.sources import SHOP, Sources

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_source_is_not_removed_while_a_job_of_it_comes_in(sources: Sources) -> None:
    made = await sources.made()
    async with sources.runtime.database.transaction() as tx:
        source = await rows.hold(tx, UUID(made["id"]), tenant="default")
        assert source is not None
        removing = asyncio.create_task(sources.ask("DELETE", f"/{made['id']}"))
        await until(lambda: sources.runtime.database.pool.fetchval(WAITS))
        await queue.enqueue(tx, capture_job(source, SHOP, job_id=uuid4(), tenant="default", created_by=None))
    status, said = await removing

    assert (status, said["code"]) == (409, "SOURCE_BUSY")
    assert (await sources.ask("GET", f"/{made['id']}"))[0] == 200


async def test_a_job_does_not_come_in_while_its_source_is_removed(sources: Sources) -> None:
    made = await sources.made()
    async with sources.runtime.database.transaction() as tx:
        await rows.lock(tx, UUID(made["id"]), tenant="default")
        submitting = asyncio.create_task(sources.ask("POST", f"/{made['id']}/urls", {"url": SHOP}))
        await until(lambda: sources.runtime.database.pool.fetchval(WAITS))
        await rows.remove(tx, UUID(made["id"]))

    assert (await submitting)[0] == 404
    assert await sources.jobs("capture") == []


async def test_what_a_source_is_at_is_found_by_indexes_of_their_own(database: Database) -> None:
    async with database.reading() as tx, tx.connection.transaction():
        for kind in ("seqscan", "bitmapscan"):
            await tx.execute(f"SET LOCAL enable_{kind} = off")  # the tables are too small for anything else
        plan = "\n".join(row[0] for row in await tx.fetch(f"EXPLAIN {_STATUSES}", "default", ["a", "b"]))

    assert "jobs_source_living" in plan
    assert "jobs_source_ended" in plan

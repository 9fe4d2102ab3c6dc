"""How long a crawl usually takes is told from the runs of its own tenant."""

from uuid import uuid4

import pytest

from infra.postgres.database import Database
from services.crawling.store.views import usual_seconds
from services.jobs.job import NewJob
from services.jobs.store import queue


async def ran(database: Database, tenant: str, seconds: int) -> None:
    """A crawl that took so long."""
    crawl_id = uuid4()
    async with database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=crawl_id, kind="crawl", queue="submit", tenant=tenant))
        await tx.execute(
            "INSERT INTO crawls (id, tenant, provider, dataset_id, platform, competitor, inputs, webhook_token,"
            " deadline, triggered_at)"
            " VALUES ($1, $2, 'p', 'd', 'x', 'c', '[]', 't', now(), now() - $3 * interval '1 s')",
            crawl_id,
            tenant,
            seconds,
        )
        await tx.execute("UPDATE jobs SET state = 'completed', finished_at = now() WHERE id = $1", crawl_id)


@pytest.mark.parametrize(("runs", "usual"), [(2, None), (3, 20.0)])
async def test_the_median_is_of_the_tenants_own_last_runs(database: Database, runs: int, usual: float | None) -> None:
    for seconds in (10, 20, 30)[:runs]:
        await ran(database, "north", seconds)
        await ran(database, "south", 1000)
    async with database.reading() as tx:
        found = await usual_seconds(tx, tenant="north", provider="p", dataset_id="d")
        nobody = await usual_seconds(tx, tenant="east", provider="p", dataset_id="d")

    assert (found, nobody) == (usual, None)

"""What is not over is counted out of indexes alone, whatever there is of it: it is counted every few seconds."""

import pytest

from infra.postgres.database import Database
from services.jobs.store import depths
from tests.contract.jobs.plans import MANY, nodes

INDEXES = {"jobs_fair", "jobs_parked", "jobs_leased"}
READ = MANY // 100  # jobs: those that run are looked at, and what changed since the tables were tidied


async def jobs_read(database: Database, tenant: str | None) -> dict[str, int]:
    """How many jobs are looked at, by the index that leads to them, or by the kind of scan."""
    found = [n for n in await nodes(database, depths._DEPTHS, tenant) if n.get("Relation Name") == "jobs"]
    assert found
    return {
        one.get("Index Name", one["Node Type"]): one.get("Heap Fetches", one["Actual Rows"]) * one["Actual Loops"]
        for one in found
    }


@pytest.mark.parametrize("tenant", [None, "t1"])
async def test_counting_what_is_not_over_reads_the_indexes_and_not_the_jobs(
    crowded: Database, tenant: str | None
) -> None:
    read = await jobs_read(crowded, tenant)

    assert read.keys() <= INDEXES
    assert sum(read.values()) <= READ


@pytest.mark.parametrize("index", ["jobs_fair", "jobs_parked"])
async def test_control_without_its_index_it_reads_the_jobs(crowded: Database, index: str) -> None:
    await crowded.pool.execute(f"DROP INDEX {index}")

    assert sum((await jobs_read(crowded, None)).values()) > READ

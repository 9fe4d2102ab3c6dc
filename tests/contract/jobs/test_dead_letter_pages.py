"""A later page of dead letters costs what the first does, however many lie before it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from infra.postgres.database import Database
from services.jobs.store import dead
from services.jobs.store.dead import Dead
from tests.contract.jobs.plans import Spy, nodes, spied

ALL = Dead(tenant="t1")
PAGE = 50
REST = 650  # of nearly 900 that there are
TIES = 10  # rows that failed at the moment from which it goes on


async def last_but(database: Database, count: int) -> tuple[datetime, UUID]:
    """A place that all dead letters but so many lie before."""
    row = await database.pool.fetchrow(
        f"SELECT finished_at, id FROM jobs WHERE tenant = 't1' AND {dead.DEAD} ORDER BY finished_at, id DESC OFFSET $1",
        count,
    )
    return row["finished_at"], row["id"]


@pytest.mark.parametrize("listed", [dead.page, dead.names])
async def test_a_late_page_is_found_without_reading_those_before_it(crowded: Database, listed: Any) -> None:
    spy: Any = Spy()
    await listed(spy, ALL, before=await last_but(crowded, REST), limit=PAGE)
    sql, args = spied(spy)

    found = [node for node in await nodes(crowded, sql, *args) if "Relation Name" in node]

    assert sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in found) <= PAGE + TIES


async def test_pages_have_each_dead_letter_once_also_where_many_failed_at_one_moment(crowded: Database) -> None:
    await crowded.pool.execute("UPDATE jobs SET finished_at = date_trunc('hour', finished_at) WHERE state = 'failed'")
    seen, before = [], None
    async with crowded.reading() as tx:
        while page := await dead.names(tx, ALL, before=before, limit=PAGE):
            seen += [row["id"] for row in page]
            before = page[-1]["finished_at"], page[-1]["id"]
        whole = await dead.names(tx, ALL, before=None, limit=10_000)

    assert seen == [row["id"] for row in whole]
    assert len(seen) > 10 * PAGE

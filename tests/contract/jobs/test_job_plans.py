"""The engine's statements walk their own small indexes, however many jobs there are."""

from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.store import held, sweep
from tests.contract.jobs.plans import Spy, nodes, scans, spied


async def statement(name: str) -> tuple[str, tuple[object, ...]]:
    spy: Any = Spy()
    match name:
        case "claim":
            await held.claim(spy, "q", limit=10, lease_seconds=45, worker="w")
        case "promote":
            spy.ring = lambda *_: None
            await sweep.promote(spy)
        case "reap":
            spy.ring = lambda *_: None
            await sweep.reap(spy)
        case _:
            await sweep.busy_queues(spy)
    return spied(spy)


@pytest.mark.parametrize(
    ("name", "index"), [("claim", "jobs_ready"), ("promote", "jobs_scheduled"), ("reap", "jobs_leased")]
)
async def test_a_statement_walks_its_partial_index_and_reads_nothing_in_vain(
    crowded: Database, name: str, index: str
) -> None:
    sql, args = await statement(name)

    assert scans(await nodes(crowded, sql, *args)) == {index: 0, "jobs_pkey": 0}


async def test_busy_queues_are_found_without_reading_every_ready_job(crowded: Database) -> None:
    sql, args = await statement("busy")

    found = [n for n in await nodes(crowded, sql, *args) if n.get("Index Name") == "jobs_ready"]

    assert found
    assert all(n["Actual Rows"] <= 1 for n in found)


async def test_a_claim_without_its_index_is_noticed(crowded: Database) -> None:
    await crowded.pool.execute("DROP INDEX jobs_ready")
    sql, args = await statement("claim")

    assert "jobs_ready" not in scans(await nodes(crowded, sql, *args))


async def test_a_promotion_by_the_moving_clock_is_noticed(crowded: Database) -> None:
    sql, args = await statement("promote")

    read_in_vain = scans(await nodes(crowded, sql.replace("now()", "clock_timestamp()"), *args))

    assert sum(read_in_vain.values()) > 1000

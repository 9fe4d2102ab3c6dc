"""At 50,000 jobs the engine's statements and the commands' still walk small indexes."""

from typing import Any
from uuid import uuid4

import pytest

from infra.postgres.database import Database
from services.jobs.store import commands, dead, held, sweep
from services.jobs.store.dead import Dead
from services.jobs.store.views import Wanted
from tests.contract.jobs.plans import Spy, nodes, scans, spied

READ_IN_VAIN = 200  # rows: fewer than run, which workers bound, and not what waits or is over


class Limited(Spy):
    """A connection on which every queue has limits."""

    async def fetchrow(self, sql: str, *args: object) -> Any:
        return {"concurrency": 1_000_000, "tenant_concurrency": 1_000_000}

    def ring(self, *_: str) -> None:
        """Nobody listens."""


async def statement(name: str) -> tuple[str, tuple[object, ...]]:
    spy: Any = Limited()
    match name:
        case "claim":
            await held.claim(spy, "q", limit=10, lease_seconds=45, worker="w")
        case "fair claim":
            await held.claim_fairly(spy, "q", limit=10, lease_seconds=45, worker="w")
        case "promote":
            await sweep.promote(spy)
        case "reap":
            await sweep.reap(spy)
        case "unheard":
            await sweep.unheard(spy, seconds=4)
        case "dead letters":
            await dead.page(spy, Dead(tenant="t1"), before=None, limit=50)
        case "matching":
            await commands.matching(
                spy, Wanted(tenant="t1", kind="k"), states=["ready", "scheduled"], after=None, limit=50
            )
        case _:
            await commands.lock(spy, [uuid4()], tenant="t1")
    return spied(spy)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("claim", "jobs_ready"),
        ("fair claim", "jobs_fair"),
        ("promote", "jobs_scheduled"),
        ("reap", "jobs_leased"),
        ("unheard", "jobs_wanted"),
        ("dead letters", "jobs_dead"),
        ("matching", "jobs_living"),
        ("lock", "jobs_pkey"),
    ],
)
async def test_a_statement_walks_its_index_and_reads_little_in_vain(crowded: Database, name: str, index: str) -> None:
    sql, args = await statement(name)

    found = scans(await nodes(crowded, sql, *args))

    assert index in found
    assert not {"Seq Scan", "Bitmap Heap Scan"} & found.keys()
    assert sum(found.values()) <= READ_IN_VAIN


@pytest.mark.parametrize(
    ("name", "index"), [("fair claim", "jobs_fair"), ("unheard", "jobs_wanted"), ("dead letters", "jobs_dead")]
)
async def test_control_a_statement_without_its_index_is_noticed(crowded: Database, name: str, index: str) -> None:
    await crowded.pool.execute(f"DROP INDEX {index}")
    sql, args = await statement(name)

    found = scans(await nodes(crowded, sql, *args))

    assert index not in found

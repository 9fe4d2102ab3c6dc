"""However cancellations, completions and polls meet in PostgreSQL, an attempt ends once and is told once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from infra.postgres.database import Database, Transaction
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.failure import crawl_failed
from services.crawling.phase import IllegalCommand
from services.crawling.policy import Policy
from services.crawling.polling.settle import settle_poll
from services.crawling.polling.verdict import Over, PollingTimeout, ProviderJobFailed, Ready
from services.crawling.ports import Progress
from services.crawling.store.polls import Due
from services.jobs.engine.settle import LeaseLost, settle
from services.jobs.job import Done, Job
from services.jobs.store import rows

TENANT = "default"
NOW = datetime.now(UTC)

_CRAWLS = """
WITH fresh AS (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)),
job AS (
  INSERT INTO jobs (id, kind, queue, state, lease_token, lease_until)
  SELECT id, 'crawl', $2, $3, 1, now() + interval '1 hour' FROM fresh RETURNING id
),
poll AS (
  INSERT INTO polls (crawl_id, provider, snapshot_id, due_at, token, moved_at, started_at)
  SELECT id, 'bright_data', 'sd_' || id, now(), 1, now(), now() FROM fresh WHERE $3 = 'waiting' RETURNING crawl_id
)
INSERT INTO crawls (id, tenant, provider, dataset_id, platform, competitor, inputs, webhook_token, submitted_at,
  snapshot_id, deadline)
SELECT id, 'default', 'bright_data', 'gd_1', 'p', 'c', '[]', 't', now(), 'sd_' || id, now() + interval '1 day'
FROM fresh RETURNING id
"""

Move = Callable[[Job], Awaitable[object]]


async def crawls(database: Database, count: int, *, queue: str, state: str) -> list[Job]:
    async with database.transaction() as tx:
        await tx.fetch(_CRAWLS, count, queue, state)
        return [rows.job(row) for row in await tx.fetch(f"SELECT {rows.FIELDS} FROM jobs")]


def completion(database: Database) -> Move:
    async def complete(job: Job) -> None:
        async def tell(tx: Transaction) -> None:
            counts: dict[str, Any] = dict.fromkeys(
                ("post_count", "media_count", "row_count", "rejected_count", "size_bytes"), 0
            )
            event = DataIngestionCompleted(
                crawl_id=str(job.id),
                attempt=job.attempt,
                gcs_path="file:///a",
                manifest="file:///b",
                sha256="0" * 64,
                completeness="complete",
                warehouse="pending",
                warnings=[],
                **counts,
            )
            await tx.record(event, tenant=TENANT)

        await settle(database, job, Done(result={}, also=tell))

    return complete


def cancellation(database: Database) -> Move:
    return lambda job: cancel_crawl(job.id, tenant=TENANT, database=database)


def answer(database: Database, verdict: Ready | Over) -> Move:
    async def poll(job: Job) -> None:
        due = Due(
            crawl_id=job.id,
            provider="bright_data",
            snapshot_id=f"sd_{job.id}",
            token=1,
            answered=0,
            misses=0,
            watching=False,
            marker="",
            moved_at=NOW,
            started_at=NOW,
            asked_at=NOW,
        )
        await settle_poll(due, verdict, database=database, policy=Policy())

    return poll


async def race(jobs: list[Job], *moves: Move, seed: int = 1) -> Counter[str]:
    """Let all moves of each job run against each other, eight at a time; how the moves ended."""
    random, ended, room = Random(seed), Counter[str](), asyncio.Semaphore(8)

    async def one(job: Job, move: Move, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            await move(job)
        except (LeaseLost, IllegalCommand) as lost:
            ended[type(lost).__name__] += 1
        else:
            ended["won"] += 1

    async def all_of(job: Job) -> None:
        async with room:
            await asyncio.gather(*(one(job, move, random.uniform(0, 0.003)) for move in moves))

    await asyncio.gather(*map(all_of, jobs))
    return ended


async def terminal_events(database: Database) -> Counter[str]:
    """How many terminal events each crawl has."""
    async with database.reading() as tx:
        found = await tx.fetch(
            "SELECT j.id, count(e.id) AS told FROM jobs j LEFT JOIN events e ON e.subject = j.id::text"
            " AND e.type IN ('data.ingestion.completed', 'crawl.failed') WHERE j.kind = 'crawl' GROUP BY j.id"
        )
    return Counter({str(row["id"]): row["told"] for row in found})


async def agrees(database: Database) -> bool:
    """Whether state and event of every crawl say the same."""
    async with database.reading() as tx:
        odd: int = await tx.fetchval(
            "SELECT count(*) FROM jobs j JOIN events e ON e.subject = j.id::text WHERE j.kind = 'crawl' AND NOT ("
            " (e.type = 'data.ingestion.completed' AND j.state = 'completed')"
            " OR (e.type = 'crawl.failed' AND e.data->>'code' = 'CANCELLED' AND j.state = 'cancelled')"
            " OR (e.type = 'crawl.failed' AND e.data->>'code' <> 'CANCELLED' AND j.state = 'failed'))"
        )
    return odd == 0


async def test_of_a_thousand_cancellations_against_completions_each_crawl_ends_once(database: Database) -> None:
    jobs = await crawls(database, 1000, queue="store", state="running")

    ended = await race(jobs, completion(database), cancellation(database))

    assert set((await terminal_events(database)).values()) == {1}
    assert await agrees(database)
    assert ended["won"] == ended["LeaseLost"] + ended["IllegalCommand"] == 1000
    assert min(ended["LeaseLost"], ended["IllegalCommand"]) > 50  # both sides have really won some


@pytest.mark.parametrize(
    "verdict",
    [
        Ready(progress=Progress(state="ready", status="ready", records=3)),
        Over(problem=PollingTimeout("late"), status="running"),
        Over(problem=ProviderJobFailed("no"), status="failed"),
    ],
)
async def test_cancellations_against_answered_polls_neither_block_each_other_nor_end_twice(
    database: Database, verdict: Ready | Over
) -> None:
    jobs = await crawls(database, 150, queue="poll", state="waiting")

    await race(jobs, answer(database, verdict), cancellation(database))

    told = await terminal_events(database)
    assert set(told.values()) == {1}
    assert await agrees(database)
    async with database.reading() as tx:
        deadlocks: int = await tx.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks == 0


async def test_an_answer_that_comes_twice_moves_a_crawl_once(database: Database) -> None:
    jobs = await crawls(database, 100, queue="poll", state="waiting")
    timeout = Over(problem=PollingTimeout("late"), status="running")

    await race(jobs, answer(database, timeout), answer(database, timeout))

    assert set((await terminal_events(database)).values()) == {1}


async def test_an_end_that_is_not_fenced_would_be_noticed(database: Database) -> None:
    jobs = await crawls(database, 20, queue="store", state="running")

    async def unfenced(job: Job) -> None:
        async with database.transaction() as tx:
            await tx.execute("UPDATE jobs SET state = 'failed' WHERE id = $1", job.id)
            await crawl_failed(tx, job, ProviderJobFailed("no"))

    await race(jobs, unfenced, completion(database), seed=2)

    assert set((await terminal_events(database)).values()) != {1} or not await agrees(database)

"""New jobs."""

from collections.abc import Sequence

from infra.postgres import outbox
from infra.postgres.database import Transaction
from infra.runtime import trace
from schemas.event import Event
from services.jobs.job import NewJob
from services.jobs.rank import rank_seconds
from services.jobs.store import rows

_COLUMNS = {
    "id": "uuid",
    "tenant": "text",
    "kind": "text",
    "queue": "text",
    "state": "text",
    "priority": "smallint",
    "max_tries": "integer",
    "timeout_seconds": "real",
    "due_at": "timestamptz",
    "adjust_seconds": "real",
    "step": "text",
    "payload": "jsonb",
    "metadata": "jsonb",
    "source_id": "text",
    "related_dataset_id": "text",
    "created_by": "text",
    "batch_id": "uuid",
    "schedule_id": "uuid",
    "fingerprint": "text",
    "traceparent": "text",
}
_NAMES = ", ".join(_COLUMNS)
_TYPES = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_COLUMNS.values(), start=2))

# The clock, not the transaction's start, and a microsecond each: jobs of one transaction keep their order.
_ENQUEUE = f"""
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at), queued AS (
  INSERT INTO jobs ({_NAMES}, enqueued_at, rank_at)
  SELECT {_NAMES}, now.at + n * interval '1 microsecond', now.at + n * interval '1 microsecond' + r * interval '1 s'
  FROM now, unnest($1::float8[], {_TYPES}) WITH ORDINALITY AS given (r, {_NAMES}, n)
  ON CONFLICT (id) DO NOTHING RETURNING *
), told AS ({rows.telling("queued", "queued")})"""

_ENQUEUE_ONLY = f"{_ENQUEUE} SELECT id FROM queued"
_ENQUEUE_AND_TELL = f"""{_ENQUEUE}, facts AS (
  SELECT * FROM ({outbox.given(2 + len(_COLUMNS))}) AS about WHERE subject IN (SELECT id::text FROM queued)
), {outbox.storing("facts")}
SELECT id FROM queued
"""


async def enqueue(tx: Transaction, job: NewJob, *, telling: Event | None = None) -> bool:
    """Queue new work; False if a job of this id is there already."""
    return bool(await enqueue_many(tx, [job], telling=[telling] if telling else []))


async def enqueue_many(tx: Transaction, jobs: Sequence[NewJob], *, telling: Sequence[Event] = ()) -> int:
    """Queue new work in the order given, in one statement; returns how many were new.

    Those with ``due_at`` wait for their time. ``telling`` are events about these jobs: who has nothing else to write
    needs no transaction around them (``Database.statement``). A job without a trace belongs to that of what is being
    done, or begins one.
    """
    ranks = [rank_seconds(job.priority, adjustment=job.adjust_seconds) for job in jobs]
    states = ["scheduled" if job.due_at is not None else job.state for job in jobs]
    traces = [job.traceparent or trace.current() or trace.begun() for job in jobs]
    values = {name: [getattr(job, name) for job in jobs] for name in _COLUMNS}
    values |= {"state": states, "traceparent": traces}
    if telling:
        tenants = {str(job.id): job.tenant for job in jobs}
        facts = [outbox.fact(event, tenant=tenants[event.subject]) for event in telling]
        queued = await tx.fetch(_ENQUEUE_AND_TELL, ranks, *values.values(), *outbox.parameters(facts))
        tx.stored += len(facts)
    else:
        queued = await tx.fetch(_ENQUEUE_ONLY, ranks, *values.values())
    if queued:
        tx.ring(*{job.queue for job, state in zip(jobs, states, strict=True) if state == "ready"})
    return len(queued)

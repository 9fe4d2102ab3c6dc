"""New jobs."""

from collections.abc import Sequence
from typing import Any

from infra.postgres import outbox
from infra.postgres.database import Transaction, json_text
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
_TYPED = ", ".join(f"{name}::{kind}" for name, kind in _COLUMNS.items())
_FIRST_FACT = 2 + len(_COLUMNS)


def _statement(*, one: bool, telling: bool) -> str:
    """SQL that queues jobs given as one array a column, or with ``one`` as one value a column."""
    values = ", ".join(f"${number}::text{'' if one else '[]'}" for number in range(2, _FIRST_FACT))
    given = f"(VALUES ($1::float8, {values}, 1))" if one else f"unnest($1::float8[], {values}) WITH ORDINALITY"
    # The clock, not the transaction's start, and a microsecond each: jobs of one transaction keep their order.
    queued = f"""
WITH now AS MATERIALIZED (SELECT clock_timestamp() AS at), queued AS (
  INSERT INTO jobs ({_NAMES}, enqueued_at, rank_at)
  SELECT {_TYPED}, now.at + n * interval '1 microsecond', now.at + n * interval '1 microsecond' + r * interval '1 s'
  FROM now, {given} AS given (r, {_NAMES}, n)
  ON CONFLICT (id) DO NOTHING RETURNING *
), told AS ({rows.telling("queued", "queued")})"""
    if not telling:
        return f"{queued} SELECT id FROM queued"
    return f"""{queued}, facts AS (
  SELECT * FROM ({outbox.given(_FIRST_FACT, one=one)}) AS about WHERE subject IN (SELECT id::text FROM queued)
), {outbox.storing("facts")}
SELECT id FROM queued"""


# Most jobs come alone, and arrays of one cost more than what is in them.
_STATEMENTS = {
    (one, telling): _statement(one=one, telling=telling) for one in (True, False) for telling in (True, False)
}


async def enqueue(tx: Transaction, job: NewJob, *, telling: Event | None = None) -> bool:
    """Queue new work; False if a job of this id is there already."""
    return bool(await enqueue_many(tx, [job], telling=[telling] if telling else []))


async def enqueue_many(tx: Transaction, jobs: Sequence[NewJob], *, telling: Sequence[Event] = ()) -> int:
    """Queue new work in the order given, in one statement; returns how many were new.

    Those with ``due_at`` wait for their time. ``telling`` are events about these jobs: who has nothing else to write
    needs no transaction around them (``Database.statement``). A job without a trace belongs to that of what is being
    done, or begins one.
    """
    one = len(jobs) == 1 and len(telling) <= 1
    tenants = {str(job.id): job.tenant for job in jobs}
    facts = [outbox.fact(event, tenant=tenants[event.subject]) for event in telling]
    columns = [[_rank(job) for job in jobs], *_texts(jobs), *(outbox.parameters(facts) if facts else ())]
    values = [column[0] for column in columns] if one else columns
    queued = await tx.fetch(_STATEMENTS[one, bool(facts)], *values)
    tx.stored += len(facts)
    if queued:
        tx.ring(*{job.queue for job in jobs if _state(job) == "ready"})
    return len(queued)


def _rank(job: NewJob) -> float:
    return rank_seconds(job.priority, adjustment=job.adjust_seconds)


def _state(job: NewJob) -> str:
    return "scheduled" if job.due_at is not None else job.state


def _texts(jobs: Sequence[NewJob]) -> list[list[str | None]]:
    """The columns as texts, which are sent at a fraction of what arrays of other types cost."""
    given: dict[str, list[Any]] = {name: [getattr(job, name) for job in jobs] for name in _COLUMNS}
    given["state"] = [_state(job) for job in jobs]
    given["traceparent"] = [job.traceparent or trace.current() or trace.begun() for job in jobs]
    return [[_text(value, kind) for value in given[name]] for name, kind in _COLUMNS.items()]


def _text(value: Any, kind: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json_text(value) if kind == "jsonb" else str(value)

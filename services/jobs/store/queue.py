"""New jobs."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from infra.postgres.database import Transaction, json_text
from infra.runtime.telemetry import trace
from services.jobs.job import NewJob
from services.jobs.rank import rank_seconds
from services.jobs.store import rows

_COLUMNS = {
    "id": "uuid",
    "tenant": "text",
    "kind": "text",
    "queue": "text",
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
    "state": "text",
    "traceparent": "text",
}
_GIVEN = attrgetter(*list(_COLUMNS)[:-2])  # state and trace may follow from something else
_NAMES = ", ".join(_COLUMNS)
_TYPED = ", ".join(f"{name}::{kind}" for name, kind in _COLUMNS.items())


def _statement(*, one: bool) -> str:
    """SQL that queues jobs given as one array a column, or with ``one`` as one value a column."""
    values = ", ".join(f"${number}::text{'' if one else '[]'}" for number in range(2, 2 + len(_COLUMNS)))
    given = f"(VALUES ($1::float8, {values}, 1))" if one else f"unnest($1::float8[], {values}) WITH ORDINALITY"
    # The clock, not the transaction's start, and a microsecond each: jobs of one transaction keep their order.
    return f"""
WITH queued AS (
  INSERT INTO jobs ({_NAMES}, enqueued_at, rank_at)
  SELECT {_TYPED}, now.at + n * interval '1 microsecond', now.at + n * interval '1 microsecond' + r * interval '1 s'
  FROM clock_timestamp() AS now (at), {given} AS given (r, {_NAMES}, n)
  ON CONFLICT (id) DO NOTHING RETURNING *
), told AS ({rows.telling("queued", "queued")})
SELECT id FROM queued
"""


# Most jobs come alone, and arrays of one cost more than what is in them.
_ONE, _MANY = _statement(one=True), _statement(one=False)


async def enqueue(tx: Transaction, job: NewJob) -> bool:
    """Queue new work; False if a job of this id is there already."""
    return bool(await enqueue_many(tx, [job]))


async def enqueue_many(tx: Transaction, jobs: Sequence[NewJob]) -> int:
    """Queue new work in the order given, in one statement; returns how many were new.

    Those with ``due_at`` wait for their time. A job without a trace belongs to that of what is being done, or begins
    one.
    """
    if not jobs:
        return 0
    given = [_row(job) for job in jobs]
    queued = await (tx.fetch(_ONE, *given[0]) if len(given) == 1 else tx.fetch(_MANY, *zip(*given, strict=True)))
    if queued:
        tx.ring(*{job.queue for job in jobs if _state(job) == "ready"})
    return len(queued)


def _row(job: NewJob) -> list[Any]:
    """Its rank, and the columns as texts, which are sent at a fraction of what arrays of other types cost."""
    rank = rank_seconds(job.priority, adjustment=job.adjust_seconds)
    traceparent = job.traceparent or trace.current() or trace.begun()
    return [rank, *map(_text, _GIVEN(job)), _state(job), traceparent]


def _state(job: NewJob) -> str:
    return "scheduled" if job.due_at is not None else job.state


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json_text(value) if isinstance(value, dict) else str(value)

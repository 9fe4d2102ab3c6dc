"""The ends of jobs, many in one statement."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from msgspec import Struct

from infra.postgres import outbox
from infra.postgres.database import Transaction, json_text
from services.jobs.job import Job
from services.jobs.store import held, rows

if TYPE_CHECKING:
    from schemas.events.job_finished import JobFinished

# The state is dressed so that no index of running jobs fits it: each row is found by its id, in the order given.
_COMPLETE_MANY = f"""
WITH moved AS (
  UPDATE jobs j SET {held.FINISHED}, result = d.result::jsonb, lease_until = NULL, worker = NULL
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS d(id, token, result, event_id, event, trace)
  WHERE j.id = d.id::uuid AND j.lease_token = d.token AND j.state || '' = 'running'
  RETURNING j.*, d.event_id, d.event, d.trace
), told AS ({rows.telling("moved", "completed")}), facts AS (
  SELECT event_id::uuid AS id, 'job.finished' AS type, tenant, id::text AS subject, now() AS time,
    event::jsonb AS data, trace AS traceparent
  FROM moved WHERE event_id IS NOT NULL
), {outbox.storing("facts")}
SELECT id, event_id IS NOT NULL AS announced FROM moved
"""


class Ending(Struct, frozen=True):
    """A held job's result, and the event that tells of it as part of a trace."""

    job: Job
    result: dict[str, Any]
    event: "JobFinished | None"
    traceparent: str | None = None


async def complete_many(tx: Transaction, endings: Sequence[Ending]) -> set[UUID]:
    """Finished together, in one statement; returns those that were still held."""
    endings = sorted(endings, key=lambda ending: ending.job.id)  # the order in which everybody locks jobs
    found = await tx.fetch(
        _COMPLETE_MANY,
        [str(ending.job.id) for ending in endings],
        [ending.job.lease_token for ending in endings],
        [json_text(ending.result) for ending in endings],
        [ending.event and ending.event.id for ending in endings],
        [ending.event and ending.event.model_dump_json() for ending in endings],
        [ending.traceparent for ending in endings],
    )
    tx.stored += sum(row["announced"] for row in found)
    return {row["id"] for row in found}

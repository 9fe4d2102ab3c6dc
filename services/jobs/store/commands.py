"""Commands: many jobs in one statement, each with its line in the timeline. Callers hold them locked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.job import Job
from services.jobs.shapes import ENDED
from services.jobs.store import rows
from services.jobs.store.views import LIVING, LOST, OVER, Place, Wanted, fits

_PAUSE = (
    "state = 'paused', paused_from = CASE state WHEN 'running' THEN 'ready' ELSE state END, paused_at = now(),"
    f" claims = 0, {rows.NO_WISH}"
)
_PRIORITISE = f"priority = $4::smallint, rank_at = {rows.rank(priority='$4::smallint')}"

# The time of the first wish of a sort counts: asking twice does not put off what enforces it.
_WISH = "want = $4, wanted_at = CASE WHEN want = $4 THEN coalesce(wanted_at, now()) ELSE now() END"


async def kind(tx: Transaction, job_id: UUID, *, tenant: str) -> str | None:
    """A job's kind; None if the tenant has no such job."""
    found: str | None = await tx.fetchval("SELECT kind FROM jobs WHERE id = $1 AND tenant = $2", job_id, tenant)
    return found


async def lock(tx: Transaction, ids: Sequence[UUID], *, tenant: str) -> list[Job]:
    """The tenant's jobs among these, locked until the transaction ends.

    Always in one order, so that no two wait for each other.
    """
    found = await tx.fetch(
        f"SELECT {rows.JOB} FROM jobs j WHERE id = ANY($1::uuid[]) AND tenant = $2 ORDER BY id FOR UPDATE",
        [str(one) for one in ids],
        tenant,
    )
    return [rows.job(row) for row in found]


async def cancel(tx: Transaction, jobs: Sequence[Job]) -> None:
    """These are over; who works one is fenced out."""
    await _change(tx, jobs, f"{rows.CANCELLED}, {rows.FENCED}", "cancelled")


async def pause(tx: Transaction, jobs: Sequence[Job]) -> None:
    """These are put aside, with what stands in their cursors; who works one is fenced out."""
    await _change(tx, jobs, f"{_PAUSE}, {rows.FENCED}", "paused")


async def put_aside(tx: Transaction, held: Job) -> bool:
    """A held job is paused, if that is still wished; False if it is not, or not held any more."""
    return bool(
        await tx.fetch(
            f"WITH moved AS (UPDATE jobs SET {_PAUSE}, {rows.FREE}"
            "   WHERE id = $1 AND lease_token = $2 AND state = 'running' AND want = 'pause' RETURNING *)"
            f" {rows.telling('moved', 'paused')} RETURNING job_id",
            held.id,
            held.lease_token,
        )
    )


async def resume(tx: Transaction, jobs: Sequence[Job]) -> None:
    """Paused jobs go on where they were."""
    await _change(tx, jobs, "state = coalesce(paused_from, 'ready'), paused_from = NULL, ready_at = now()", "resumed")
    tx.ring(*{job.queue for job in jobs})


async def wish(tx: Transaction, jobs: Sequence[Job], what: str) -> None:
    """Leave a wish: workers read it with their next heartbeat, and the sweep enforces it soon after."""
    await _change(tx, jobs, _WISH, f"{what}_requested", what)


async def wish_no_more(tx: Transaction, jobs: Sequence[Job]) -> None:
    """Take a wish back."""
    await _change(tx, jobs, rows.NO_WISH, "resumed")


async def prioritise(tx: Transaction, jobs: Sequence[Job], priority: int) -> None:
    """These wait with another priority, as if they had had it from the start."""
    await _change(tx, jobs, _PRIORITISE, "priority_changed", priority, data={"priority": priority})


async def _change(
    tx: Transaction, jobs: Sequence[Job], change: str, told: str, *args: object, data: dict[str, Any] | None = None
) -> None:
    if not jobs:
        return
    await tx.execute(
        f"WITH moved AS (UPDATE jobs SET {change} WHERE id = ANY($1::uuid[]) RETURNING *)"
        f" {rows.telling('moved', '$2', '$3')}",
        [str(job.id) for job in jobs],
        told,
        data or {},
        *args,
    )


async def matching(
    tx: Transaction, wanted: Wanted, *, states: Sequence[str], after: Place | None, limit: int
) -> list[dict[str, Any]]:
    """Ids and kinds of what is wanted and in one of these states, oldest first, from just after a place."""
    condition, args = fits(wanted)
    n = len(args)
    ended = OVER if "completed" in (wanted.statuses or states) else LOST
    half = ended if set(states) <= set(ENDED) else LIVING
    beyond = f"AND (created_at, id) > (${n + 3}, ${n + 4}::uuid)" if after else ""
    found = await tx.fetch(
        f"SELECT id, kind, created_at FROM jobs WHERE {condition} AND {half} AND state = ANY(${n + 1}::text[]) {beyond}"
        f" ORDER BY created_at, id LIMIT ${n + 2}",
        *args,
        list(states),
        limit,
        *(after or ()),
    )
    return [dict(row) for row in found]

"""What callers see of jobs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction, uuids
from services.jobs.shapes import ENDED, STATUSES, STEPS_AS_STATUS
from services.jobs.store.queues import HELD_BY, RUNNING

COLUMNS = (
    "id, tenant, kind, queue, state, want, priority, created_at, enqueued_at, rank_at, due_at, attempt, tries,"
    " max_tries, timeout_seconds, claims, worker, progress, step, steps_completed, message, payload, result, metadata,"
    " source_id, related_dataset_id, created_by, batch_id, schedule_id, paused_from, discarded_at, discard_reason,"
    " error_class, error_code, error_stage, error_message, error_recovery, started_at, finished_at"
)

SHOWN = f"WITH {RUNNING} SELECT {COLUMNS}, {HELD_BY} FROM jobs"
"""SQL of all that is shown of a job by itself: also what keeps workers from taking it."""

Place = tuple[datetime, UUID]
"""Where a list of jobs goes on."""

_LATEST = (datetime.max.replace(tzinfo=UTC), UUID(int=0))


class Wanted(Struct, frozen=True, kw_only=True):
    """Which jobs somebody asks for. None: all."""

    tenant: str
    statuses: tuple[str, ...] | None = None
    job_id: UUID | None = None
    kind: str | None = None
    queue: str | None = None
    source_id: str | None = None
    batch_id: UUID | None = None
    priority: int | None = None
    other_than: int | None = None
    """Those of every priority but this."""


_LISTS = {names: ", ".join(f"'{name}'" for name in names) for names in (ENDED, STEPS_AS_STATUS)}

# Both in these words only: the partial indexes have them.
LIVING = f"state NOT IN ({_LISTS[ENDED]})"
OVER = f"state IN ({_LISTS[ENDED]})"
LOST = "state IN ('failed', 'cancelled')"

# As services.jobs.shapes.status has it.
STATUS = f"""CASE
  WHEN {OVER} OR state = 'paused' THEN state
  WHEN state = 'running' OR (state = 'waiting' AND started_at IS NOT NULL)
    THEN CASE WHEN step IN ({_LISTS[STEPS_AS_STATUS]}) THEN step ELSE 'processing' END
  WHEN tries > 0 THEN 'retrying'
  WHEN started_at IS NOT NULL THEN 'processing' ELSE 'queued' END"""

_CONDITIONS = {
    "tenant": "tenant = {}",
    "statuses": f"({STATUS}) = ANY({{}}::text[])",
    "job_id": "id = {}",
    "kind": "kind = {}",
    "queue": "queue = {}",
    "source_id": "source_id = {}",
    "batch_id": "batch_id = {}",
    "priority": "priority = {}",
    "other_than": "priority <> {}",
}


def fits(wanted: Wanted) -> tuple[str, list[object]]:
    """SQL of the jobs that are wanted, and its parameters from $1 on; only what is asked for, so that indexes fit."""
    asked = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
    said = [_CONDITIONS[name].format(f"${number}") for number, name in enumerate(asked, start=1)]
    return " AND ".join(said), list(asked.values())


def _kinds(half: str) -> str:
    """SQL of the kinds of the tenant $1, from one to the next by the index: they are few, jobs that ended are many."""
    these = f"SELECT kind FROM jobs WHERE tenant = $1 AND {half}"
    return (
        f"WITH RECURSIVE kinds AS (({these} ORDER BY kind LIMIT 1) UNION ALL"
        f" SELECT ({these} AND kind > k.kind ORDER BY kind LIMIT 1) FROM kinds k WHERE k.kind IS NOT NULL)"
    )


async def one(tx: Transaction, job_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """Everything shown of one job; None for other tenants' jobs too."""
    row = await tx.fetchrow(f"{SHOWN} WHERE id = $1 AND tenant = $2", job_id, tenant)
    return dict(row) if row else None


async def some(tx: Transaction, job_ids: Sequence[UUID], *, tenant: str) -> list[dict[str, Any]]:
    """What lists show of these jobs, as far as they are the tenant's."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM jobs WHERE id = ANY($1::uuid[]) AND tenant = $2", uuids(job_ids), tenant
    )
    return [dict(row) for row in found]


async def page(tx: Transaction, wanted: Wanted, *, before: Place | None, limit: int) -> list[dict[str, Any]]:
    """The newest jobs first, from just before a place in that order."""
    condition, args = fits(wanted)
    n = len(args)
    by_kind = not (wanted.kind or wanted.source_id or wanted.batch_id)  # else their own indexes are better
    halves = " UNION ALL ".join(
        f"({(_kind_by_kind if half == OVER and by_kind else _half)(half, condition, n, before)})"
        for half in _halves(wanted.statuses)
    )
    found = await tx.fetch(
        f"SELECT * FROM ({halves}) AS found ORDER BY created_at DESC, id DESC LIMIT ${n + 1}",
        *args,
        limit,
        *(before or ()),
    )
    return [dict(row) for row in found]


async def living(tx: Transaction, wanted: Wanted, *, before: Place | None, limit: int) -> list[dict[str, Any]]:
    """Jobs that are not over, newest first, from just before a place in that order."""
    condition, args = fits(wanted)
    found = await tx.fetch(_half(LIVING, condition, len(args), before), *args, limit, *(before or ()))
    return [dict(row) for row in found]


_ENDED = f"""
{_kinds("finished_at IS NOT NULL")}
SELECT j.* FROM kinds k CROSS JOIN LATERAL (
  SELECT {COLUMNS} FROM jobs WHERE tenant = $1 AND kind = k.kind AND finished_at > now() - $2 * interval '1 s'
    AND (finished_at, id) < ($3::timestamptz, $4::uuid)
  ORDER BY finished_at DESC, id DESC LIMIT $5
) j
ORDER BY finished_at DESC, id DESC LIMIT $5
"""


async def ended(
    tx: Transaction, *, tenant: str, within_seconds: float, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    """Jobs that are over since at most so long, the last to end first, from just before a place in that order."""
    found = await tx.fetch(_ENDED, tenant, within_seconds, *(before or _LATEST), limit)
    return [dict(row) for row in found]


_TIMELINE = """
SELECT id, at, type, attempt, state, tries, started, progress, step, message, data FROM job_events
WHERE job_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def timeline(tx: Transaction, job_id: UUID, *, after: int, limit: int) -> list[dict[str, Any]]:
    """What happened to a job, oldest first, from just after a line."""
    return [dict(row) for row in await tx.fetch(_TIMELINE, job_id, after, limit)]


def _halves(statuses: Sequence[str] | None) -> list[str]:
    asked = set(STATUSES if statuses is None else statuses)
    over = {OVER: "completed" in asked, LOST: "completed" not in asked and asked & set(ENDED)}
    return [half for half, needed in {LIVING: asked - set(ENDED), **over}.items() if needed]


def _half(half: str, condition: str, args: int, before: Place | None) -> str:
    if half != LIVING:  # the planner knows how many are in a state, and nothing of the words
        condition = condition.replace(f"({STATUS})", "state")
    earlier = f" AND (created_at, id) < (${args + 2}::timestamptz, ${args + 3}::uuid)" if before else ""
    return (
        f"SELECT {COLUMNS} FROM jobs WHERE {half} AND {condition}{earlier}"
        f" ORDER BY created_at DESC, id DESC LIMIT ${args + 1}"
    )


def _kind_by_kind(half: str, condition: str, args: int, before: Place | None) -> str:
    each = _half(half, f"kind = k.kind AND {condition}", args, before)
    return f"{_kinds(half)} SELECT o.* FROM kinds k CROSS JOIN LATERAL ({each}) AS o"

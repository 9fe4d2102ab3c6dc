"""Jobs as rows, and their timeline."""

from typing import Any

from infra.postgres.database import Transaction
from infra.runtime.telemetry.redaction import scrub
from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.rank import AGEING_SECONDS, MOST_PENALTIES, PENALTY_SECONDS

FIELDS = (
    "id, tenant, kind, queue, state, attempt, tries, max_tries, claims, lease_token, step, want, timeout_seconds,"
    " batch_id, traceparent, payload, cursor"
)
JOB = ", ".join(f"j.{name}" for name in FIELDS.split(", "))

# The columns of a line of the timeline, and what of the job each shows.
_LINE = {
    "job_id": "id",
    "attempt": "attempt",
    "tenant": "tenant",
    "kind": "kind",
    "queue": "queue",
    "state": "state",
    "tries": "tries",
    "started": "started_at IS NOT NULL",
    "progress": "progress",
    "step": "step",
    "message": "message",
    "batch_id": "batch_id",
    "source_id": "source_id",
    "seconds": "extract(epoch FROM finished_at - started_at)",
    "steps_completed": "nullif(steps_completed, '{}')",
    "result_file_id": "result ->> 'result_file_id'",
}
TOLD = ", ".join(_LINE)
TOLD_OF = ", ".join(_LINE.values())


def telling(changed: str, what: str, data: str = "'{}'::jsonb") -> str:
    """SQL that writes a line of the timeline for every row of ``changed``, which must return whole jobs.

    ``what`` is its type, as a word or as a parameter.
    """
    word = what if what.startswith("$") else f"'{what}'"
    return f"INSERT INTO job_events ({TOLD}, type, data) SELECT {TOLD_OF}, {word}, {data} FROM {changed}"


def rank(
    *,
    priority: str = "priority",
    boost: str = "boost_seconds",
    failures: str = "failures",
    since: str = "enqueued_at",
) -> str:
    """SQL of ``rank_at`` where a job's parts are these; see ``services.jobs.rank``."""
    return (
        f"{since} + (greatest(0, {priority} * {AGEING_SECONDS} - ({boost}))"
        f" + least({failures}, {MOST_PENALTIES}) * {PENALTY_SECONDS} + adjust_seconds) * interval '1 s'"
    )


# What no job has any more, however it ended: a wish, a time to come back at, a place to be resumed at. Who works it
# is another matter: only jobs that may be running have that taken from them.
NO_WISH = "want = NULL, wanted_at = NULL"
FREE = "lease_until = NULL, worker = NULL"
FENCED = f"lease_token = lease_token + 1, {FREE}"
OVER = f"finished_at = now(), due_at = NULL, paused_from = NULL, {NO_WISH}"
CANCELLED = f"state = 'cancelled', step = NULL, {OVER}"

ERROR = ("error_class", "error_code", "error_stage", "error_message", "error_recovery")
NO_ERROR = ", ".join(f"{name} = NULL" for name in ERROR)
COMPLETED = f"state = 'completed', progress = 100, step = NULL, cursor = NULL, {OVER}, {NO_ERROR}"


def failed(first: int) -> str:
    """SQL that ends a job as failed, where its ``error_columns`` are the parameters from ``first`` on."""
    return ", ".join([f"state = 'failed', {OVER}", *(f"{name} = ${first + n}" for n, name in enumerate(ERROR))])


async def tell(tx: Transaction, told_of: Job, what: str, data: dict[str, Any]) -> None:
    """Write one line of a job's timeline, as the job is now."""
    await tx.execute(telling("(SELECT * FROM jobs WHERE id = $1) AS j", "$2", "$3"), told_of.id, what, data)


def job(row: Any) -> Job:
    """A row as the worker sees it."""
    return Job(**row)


def error_columns(problem: Problem, stage: str | None) -> tuple[str, str, str | None, str, str]:
    """A problem that ends a job as the columns that keep it, in their order."""
    return problem.kind.value, problem.code, stage, said(problem), problem.way_out


def said(problem: Problem) -> str:
    """A problem's detail as it may be kept and shown: others' words may hold anything, secrets too."""
    return storable(scrub(problem.detail)[:500])


def storable(text: str) -> str:
    """A text as PostgreSQL can keep it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()

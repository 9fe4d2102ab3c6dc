"""Jobs as rows, and their timeline."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.jobs.job import Job

FIELDS = "id, tenant, kind, queue, state, attempt, tries, max_tries, claims, lease_token, step, want, payload, cursor"
JOB = ", ".join(f"j.{name}" for name in FIELDS.split(", "))


async def tell(tx: Transaction, told_of: Job, what: str, data: dict[str, Any]) -> None:
    """Write one line of a job's timeline."""
    await tx.execute(
        "INSERT INTO job_events (job_id, attempt, type, data) VALUES ($1, $2, $3, $4)",
        told_of.id,
        told_of.attempt,
        what,
        data,
    )


def job(row: Any) -> Job:
    """A row as the worker sees it."""
    return Job(**{name: row[name] for name in FIELDS.split(", ") if name != "id"}, id=UUID(str(row["id"])))


def error_columns(problem: Problem, stage: str | None) -> tuple[str, str, str | None, str, str]:
    """A problem as the columns that keep it, in their order."""
    return problem.kind.value, problem.code, stage, said(problem), problem.recovery


def said(problem: Problem) -> str:
    """A problem's detail as PostgreSQL can keep it: others' words may hold anything."""
    return problem.detail[:500].replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()

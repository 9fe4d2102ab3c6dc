"""The order that a source of type ``crawl`` gives at each run: a job of the kind ``crawl``, which judges it itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from schemas.problem import Problem, ProblemClass
from services.jobs.job import NewJob
from services.jobs.submitting.admission import Door, try_accept

KIND = "crawl"
_PASSING = (ProblemClass.RETRY, ProblemClass.QUOTA)


def order_of(source: Mapping[str, Any], *, job_id: UUID, tenant: str, created_by: str | None, door: Door) -> NewJob:
    """The job of one run. Raises ``InvalidRequest`` where crawls take no such order."""
    from services.jobs.submitting.submission import Submission, new_job  # noqa: PLC0415  # who orders none needs no pydantic

    said = {"kind": KIND, "payload": source["config"], "source_id": str(source["id"])}
    submission = Submission.model_validate(said)
    with in_config():
        return new_job(
            submission, job_id=job_id, tenant=tenant, created_by=created_by, kinds=door.kinds, by_file=door.by_file
        )


async def refuse_order(tx: Transaction, source: Mapping[str, Any], *, tenant: str, door: Door) -> None:
    """Raises what an order of this source would always be refused with; what passes is left to its runs."""
    if source["source_type"] != "crawl":
        return
    try:
        job = order_of(source, job_id=source["id"], tenant=tenant, created_by=None, door=door)
        with in_config():
            await try_accept(tx, job, door=door)
    except Problem as problem:
        if problem.kind not in _PASSING:
            raise


@contextmanager
def in_config() -> Iterator[None]:
    """What is refused of a job is told of its source: fields of the ``payload`` are those of the ``config``."""
    try:
        yield
    except Problem as problem:
        raise _of_source(problem) from problem


def _of_source(problem: Problem) -> Problem:
    errors = problem.extra.get("errors")
    if not isinstance(errors, list):  # no field is wrong
        detail = problem.detail.removeprefix("payload: ")
        return type(problem)(detail, retry_after=problem.retry_after, **problem.extra)
    moved = [{**one, "field": "config" + one["field"].removeprefix("payload")} for one in errors]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in moved[:5])
    return type(problem)(detail, retry_after=problem.retry_after, **{**problem.extra, "errors": moved})

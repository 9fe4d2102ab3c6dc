"""Which jobs of a claim are handled together."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.engine.finisher import Finisher
from services.jobs.engine.handling import MAX_CLAIMS, Handling
from services.jobs.job import Done, Job, Outcome, Work


async def one(job: Job) -> Outcome:
    return Done()


async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
    return {job.id: Done() for job in jobs}


def job(number: int, **changes: Any) -> Job:
    given: dict[str, Any] = {
        "id": UUID(int=number),
        "tenant": "default",
        "kind": "load",
        "queue": "q",
        "state": "running",
        "attempt": 1,
        "tries": 0,
        "max_tries": 3,
        "claims": 1,
        "lease_token": 1,
    }
    return Job(**given | changes)


def together(*jobs: Job) -> list[list[int]]:
    work = {"load": Work(run_many=many), "unload": Work(run_many=many), "crawl": Work(run=one)}
    nowhere = Database(None)
    handling = Handling(database=nowhere, work=work, finisher=Finisher(nowhere))
    return [[job.id.int for job in group] for group in handling.together(jobs)]


def test_jobs_of_a_kind_that_is_handled_at_once_come_together() -> None:
    assert together(job(1), job(2, kind="unload"), job(3), job(4, kind="unload")) == [[1, 3], [2, 4]]


def test_other_jobs_come_one_by_one() -> None:
    assert together(job(1, kind="crawl"), job(2, kind="crawl"), job(3, kind="nobody knows")) == [[1], [2], [3]]


def test_a_job_that_ended_every_worker_is_judged_alone() -> None:
    assert together(job(1), job(2, claims=MAX_CLAIMS + 1), job(3, claims=MAX_CLAIMS)) == [[1, 3], [2]]

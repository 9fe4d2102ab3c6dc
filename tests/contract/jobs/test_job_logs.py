"""What the log says of a job names it."""

from collections.abc import Sequence
from uuid import UUID

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from services.jobs.job import Job, Work
from tests.contract.jobs.rig import Desk, Final, failing


async def test_a_line_about_a_job_names_the_job_and_no_crawl(desk: Desk) -> None:
    [job_id] = await desk.queue(payload={"crawl_id": "c"})

    with capture_logs([merge_contextvars]) as lines:
        await desk.drain(failing(Final("no")))

    failed = next(line for line in lines if line["event"] == "job failed")
    assert (failed["job_id"], failed["attempt"], failed["kind"]) == (str(job_id), 1, "k")
    assert not [line for line in lines if "crawl_id" in line]


async def test_jobs_that_are_handled_together_are_named_each_by_its_own_line(desk: Desk) -> None:
    ids = await desk.queue(2)

    async def run_many(jobs: Sequence[Job]) -> dict[UUID, Final]:
        return {job.id: Final("no") for job in jobs}

    with capture_logs([merge_contextvars]) as lines:
        await desk.drain(work=Work(run_many=run_many))

    assert {line["job_id"] for line in lines if line["event"] == "job failed"} == {str(one) for one in ids}

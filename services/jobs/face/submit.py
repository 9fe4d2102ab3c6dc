"""New work, one job a request."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Response

from infra.runtime.auth.scoped import Triggering
from infra.runtime.http.answers import body, problems
from infra.runtime.runtime import Runtime
from services.jobs.bodies.jobs import Job
from services.jobs.kinds import KindNotAccepted
from services.jobs.limiting import limiting
from services.jobs.shapes import background
from services.jobs.submitting.admission import door
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import QueueFull
from services.jobs.submitting.submission import MetadataTooLarge, Submission, meant
from services.jobs.submitting.submit_job import submit_job


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/background", tags=["jobs"])

    @made.post(
        "/submit",
        status_code=202,
        responses=body(Job, status=202) | problems(KindNotAccepted, MetadataTooLarge, IdempotencyMismatch, QueueFull),
    )
    async def submit(
        submission: Submission,
        caller: Triggering,
        response: Response,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Submit one job. 202 means it is ours; with an Idempotency-Key the same request makes one job only.

        A key stands for its job for 7 days at least, and for as long as the job is not archived.
        """
        row = await submit_job(
            submission,
            job_id=uuid4(),
            key=read_key(idempotency_key, meant(submission)),
            tenant=caller.tenant,
            created_by=caller.name,
            door=runtime.once(door),
            database=runtime.database,
        )
        response.headers["Location"] = f"/api/background/job/{row['id']}"
        return background(row, runtime.once(limiting).of(row))

    return made

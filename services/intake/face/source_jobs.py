"""Jobs of data sources: submitted, run, shown, started anew."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from infra.runtime.auth.scoped import Operating, Reading, Triggering
from infra.runtime.egress.allow import allowed
from infra.runtime.egress.refused import EgressRefused
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.intake.bodies import SourceJob, SubmittedPages
from services.intake.data_sources.held_source import SourceRunsNothing
from services.intake.data_sources.list_source_jobs import list_source_jobs
from services.intake.data_sources.restart_source_job import restart_source_job
from services.intake.data_sources.source import SourceNotFound, source_id_of
from services.intake.data_sources.start_run import start_run
from services.intake.data_sources.submit_urls import SourceTakesNoUrls, SubmittedUrls, submit_urls
from services.intake.face.data_sources import PREFIX
from services.jobs import shapes
from services.jobs.bodies.jobs import Page
from services.jobs.commanding.commands import InvalidTransition
from services.jobs.face.reading import PageSize, PageToken
from services.jobs.job_id import JobNotFound
from services.jobs.job_id import job_id as parsed
from services.jobs.kinds import kinds
from services.jobs.submitting.admission import door
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import QueueFull
from services.jobs.submitting.submission import MetadataTooLarge

Status = Literal["running", *shapes.STATUSES]  # type: ignore[valid-type]  # the words of the other faces


class Asked(BaseModel):
    """Which jobs of a source, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = Field(None, description="`queued` is retrying too, `running` is whatever is at work.")
    page_size: PageSize = 50
    page_token: PageToken = None


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix=PREFIX, tags=["intake"])
    _submitting(made, runtime)
    _watching(made, runtime)
    return made


def _submitting(made: APIRouter, runtime: Runtime) -> None:
    refused = problems(
        SourceNotFound, SourceTakesNoUrls, MetadataTooLarge, EgressRefused, IdempotencyMismatch, QueueFull
    )

    @made.post("/{source_id}/urls", status_code=202, responses=body(SubmittedPages, status=202) | refused)
    async def urls(
        source_id: str,
        submitted: SubmittedUrls,
        caller: Triggering,
        response: Response,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Submit pages to a website: each is captured by a job of its own. All are taken, or none.

        With an Idempotency-Key the same request makes its jobs once, for 7 days at least.
        """
        source = source_id_of(source_id)
        jobs = await submit_urls(
            submitted,
            source,
            first_id=uuid4(),
            key=read_key(idempotency_key, {"source_id": str(source), **submitted.model_dump(mode="json")}),
            allow=allowed(runtime.settings.egress_allow),
            tenant=caller.tenant,
            created_by=caller.name,
            room=runtime.settings.max_queue_size,
            database=runtime.database,
        )
        response.headers["Location"] = _place(jobs[0])
        return {**jobs[0], "jobs": jobs}

    runs = problems(SourceNotFound, SourceRunsNothing, IdempotencyMismatch, QueueFull)

    @made.post("/{source_id}/run", status_code=202, responses=body(SourceJob, status=202) | runs)
    async def run(
        source_id: str,
        caller: Triggering,
        response: Response,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Run a source now: each of a website's pages is captured, a crawl is ordered. Answers the job that does it.

        With an Idempotency-Key the same request runs it once, for 7 days at least.
        """
        source = source_id_of(source_id)
        job = await start_run(
            source,
            job_id=uuid4(),
            key=read_key(idempotency_key, {"source_id": str(source)}),
            tenant=caller.tenant,
            created_by=caller.name,
            door=runtime.once(door),
            database=runtime.database,
        )
        response.headers["Location"] = _place(job)
        return job


def _watching(made: APIRouter, runtime: Runtime) -> None:
    @made.get("/{source_id}/jobs", responses=body(Page[SourceJob]) | problems(SourceNotFound, InvalidPage))
    async def jobs(source_id: str, asked: Annotated[Asked, Query()], caller: Reading) -> dict[str, Any]:
        """The jobs of a source, newest first."""
        return await list_source_jobs(
            source_id_of(source_id),
            statuses=shapes.MEANT.get(asked.status, (asked.status,)) if asked.status else None,
            tenant=caller.tenant,
            page_size=asked.page_size,
            page_token=asked.page_token,
            database=runtime.database,
        )

    anew = body(SourceJob, status=202) | problems(JobNotFound, InvalidTransition, QueueFull)

    @made.post("/jobs/{job_id}/restart", status_code=202, responses=anew)
    async def restart(job_id: str, caller: Operating, response: Response) -> dict[str, Any]:
        """Start a job of a data source anew, as its next attempt."""
        job = await restart_source_job(
            parsed(job_id),
            tenant=caller.tenant,
            kinds=runtime.once(kinds),
            room=runtime.settings.max_queue_size,
            database=runtime.database,
        )
        response.headers["Location"] = _place(job)
        return job


def _place(job: dict[str, Any]) -> str:
    return f"/api/background/job/{job['id']}"

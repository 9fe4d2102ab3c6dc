"""Jobs as they are: one, some, the active, and what happened to them."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Reading
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from schemas.load_source import WarehouseUnavailable
from services.jobs import shapes
from services.jobs.bodies.jobs import Happening, Job, JobV2, Page, Progress
from services.jobs.job_id import JobNotFound
from services.jobs.job_id import job_id as parsed
from services.jobs.limiting import limiting
from services.jobs.rank import level
from services.jobs.reading.find_job import find_job, job_history
from services.jobs.reading.job_timeline import job_timeline
from services.jobs.reading.list_active_jobs import list_active_jobs
from services.jobs.reading.list_jobs import list_jobs
from services.jobs.reading.time_remaining import recent, time_remaining
from services.jobs.store.views import Wanted

PageSize = Annotated[int, Field(ge=1, le=200)]
PageToken = Annotated[str | None, Field(max_length=1000, description="The `next_page_token` of the page before.")]
Name = Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Status = Literal["running", *shapes.STATUSES]  # type: ignore[valid-type]  # as the document has it, or a word for several


def _level(value: object) -> object:
    return value if value is None else level(int(value) if isinstance(value, str) and value.isdecimal() else value)


class Asked(BaseModel):
    """Which jobs, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    status: Status | None = Field(None, description="`queued` is retrying too, `running` is whatever is at work.")
    kind: Name = None
    job_type: Name = Field(None, description="The same as `kind`.")
    queue: Name = None
    source_id: Name = None
    batch_id: UUID | None = None
    priority: Annotated[int | None, BeforeValidator(_level)] = Field(
        None,
        description="CRITICAL, HIGH, NORMAL, LOW or BACKGROUND, or 0 to 4.",
        json_schema_extra={"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
    )
    page_size: PageSize = 50
    page_token: PageToken = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.kind and self.job_type and self.kind != self.job_type:
            msg = "kind and job_type mean the same: name one kind"
            raise ValueError(msg)
        return self

    def wanted(self, tenant: str) -> Wanted:
        """What the store is asked for."""
        return Wanted(
            tenant=tenant,
            statuses=shapes.MEANT.get(self.status, (self.status,)) if self.status else None,
            kind=self.kind or self.job_type,
            queue=self.queue,
            source_id=self.source_id,
            batch_id=self.batch_id,
            priority=self.priority,
        )


_FINDING = (JobNotFound, WarehouseUnavailable)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(tags=["jobs"])
    _lists(made, runtime)
    _one(made, runtime)
    return made


def _lists(made: APIRouter, runtime: Runtime) -> None:
    database = runtime.database

    @made.get("/api/v2/jobs/active", responses=body(Page[JobV2]) | problems(InvalidPage))
    async def active(caller: Reading, page_size: PageSize = 100, page_token: PageToken = None) -> dict[str, Any]:
        """Jobs that are not over, newest first, then those that ended within the last five minutes."""
        return await list_active_jobs(
            tenant=caller.tenant, page_size=page_size, page_token=page_token, database=database
        )

    @made.get("/api/v2/jobs", responses=body(Page[JobV2]) | problems(InvalidPage))
    async def jobs(asked: Annotated[Asked, Query()], caller: Reading) -> dict[str, Any]:
        """Jobs, newest first, of which all that is asked for is true."""
        return await list_jobs(
            asked.wanted(caller.tenant), page_size=asked.page_size, page_token=asked.page_token, database=database
        )


def _one(made: APIRouter, runtime: Runtime) -> None:
    async def found(job_id: str, caller: Caller) -> dict[str, Any]:
        history = runtime.once(job_history)
        return await find_job(parsed(job_id), tenant=caller.tenant, database=runtime.database, warehouse=history)

    @made.get("/api/v2/jobs/{job_id}", responses=body(JobV2) | problems(*_FINDING))
    async def job_v2(job_id: str, caller: Reading) -> dict[str, Any]:
        """One job, as the lists show it."""
        return shapes.v2(await found(job_id, caller))

    @made.get("/api/background/job/{job_id}", responses=body(Job) | problems(*_FINDING))
    async def job(job_id: str, caller: Reading) -> dict[str, Any]:
        """Everything about one job; progress is 0 to 100."""
        row = await found(job_id, caller)
        return shapes.background(row, runtime.once(limiting).of(row))

    @made.get("/api/background/job/{job_id}/progress", responses=body(Progress) | problems(*_FINDING))
    async def progress(job_id: str, caller: Reading) -> dict[str, Any]:
        """How far a job is, and in how many seconds it should be over; null where that would be a guess."""
        row = await found(job_id, caller)
        remaining = await time_remaining(row, database=runtime.database, recent=runtime.once(recent))
        return shapes.progress(row, remaining=remaining)

    @made.get("/api/background/job/{job_id}/events", responses=body(Page[Happening]) | problems(InvalidPage, *_FINDING))
    async def events(
        job_id: str, caller: Reading, page_size: PageSize = 100, page_token: PageToken = None
    ) -> dict[str, Any]:
        """What happened to a job, oldest first."""
        row = await found(job_id, caller)
        return await job_timeline(row["id"], page_size=page_size, page_token=page_token, database=runtime.database)

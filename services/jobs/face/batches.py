"""Batches: many jobs in one request, one object that says what became of them."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Query, Response

from infra.runtime.auth.caller import Caller
from infra.runtime.auth.scoped import Reading, Triggering
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.jobs.bodies.jobs import BatchResult, SubmittedBatch
from services.jobs.face.reading import PageToken
from services.jobs.kinds import KindNotAccepted
from services.jobs.limiting import limiting
from services.jobs.submitting.admission import door
from services.jobs.submitting.batch import Batch, BatchNotFound, BatchTooLarge, batch_id_of
from services.jobs.submitting.batch_result import batch_result
from services.jobs.submitting.batch_watch import BatchWatch
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import BatchNeverFits, QueueFull
from services.jobs.submitting.submission import MetadataTooLarge, meant
from services.jobs.submitting.submit_batch import submit_batch

_ACCEPTED = 202
_OVER = 200
Wait = Annotated[
    float,
    Query(
        ge=0, le=300, description="Seconds to wait until all jobs are over; then `status` may still be `processing`."
    ),
]
PageSize = Annotated[int, Query(ge=1, le=1000, description="Jobs in the answer.")]
_SUBMITTED = {
    **body(SubmittedBatch, status=_ACCEPTED),
    _OVER: {"model": SubmittedBatch, "description": "All jobs are over."},
    **problems(BatchTooLarge, BatchNeverFits, KindNotAccepted, MetadataTooLarge, IdempotencyMismatch, QueueFull),
}


def watch(runtime: Runtime) -> BatchWatch:
    """Who waits in this process."""
    return BatchWatch(runtime.database, runtime.stopping)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/background", tags=["jobs"])

    async def result(
        batch_id: UUID, caller: Caller, *, wait: float, page_size: int, page_token: str | None
    ) -> dict[str, Any]:
        ask = partial(
            batch_result,
            batch_id,
            tenant=caller.tenant,
            page_size=page_size,
            page_token=page_token,
            limiting=runtime.once(limiting),
            database=runtime.database,
        )
        found = await ask()
        if not wait or found["status"] == "completed":
            return found
        await runtime.once(watch).wait(batch_id, seconds=wait)
        return await ask()

    @made.post("/submit-batch", status_code=_ACCEPTED, responses=_SUBMITTED)
    async def submit(
        *,
        batch: Batch,
        caller: Triggering,
        response: Response,
        wait: Wait = 0.0,
        page_size: PageSize = 100,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Submit up to 10,000 jobs, all or none; with `wait` the answer says what became of them.

        An Idempotency-Key stands for its batch for good.
        """
        key = read_key(idempotency_key, meant(batch))
        batch_id, ids = await submit_batch(
            batch,
            batch_id=uuid4(),
            key=key,
            tenant=caller.tenant,
            created_by=caller.name,
            door=runtime.once(door),
            database=runtime.database,
        )
        found = await result(batch_id, caller, wait=wait, page_size=page_size, page_token=None)
        response.status_code = _OVER if found["status"] == "completed" else _ACCEPTED
        response.headers["Location"] = f"/api/background/batch/{batch_id}"
        return {**found, "job_ids": [str(one) for one in ids]}

    @made.get("/batch/{batch_id}", responses=body(BatchResult) | problems(BatchNotFound, InvalidPage))
    async def batch(
        batch_id: str, caller: Reading, wait: Wait = 0.0, page_size: PageSize = 100, page_token: PageToken = None
    ) -> dict[str, Any]:
        """What became of a batch: numbers, a page of its jobs, the first errors."""
        return await result(batch_id_of(batch_id), caller, wait=wait, page_size=page_size, page_token=page_token)

    return made

"""The route that takes files."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Request, Response

from infra.runtime.auth.scoped import Triggering
from infra.runtime.http.answers import body, problems
from infra.runtime.http.multipart import FormRefused
from infra.runtime.runtime import Runtime
from schemas.stored_object import StoreForbidden, StoreQuota, StoreUnavailable
from services.intake.bodies import SourceJob
from services.intake.data_sources.source import SourceNotFound, source_id_of
from services.intake.face.data_sources import PREFIX
from services.intake.files.submit_import import SourceTakesNoFiles
from services.intake.files.upload_file import FileTooLarge, upload_file
from services.jobs.submitting.idempotency import IdempotencyMismatch, read_key
from services.jobs.submitting.room import QueueFull
from services.jobs.submitting.submission import MetadataTooLarge

PATH = f"{PREFIX}/{{source_id}}/files"
_TEXT = {"type": "string"}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "supplier_id": _TEXT,
        "metadata": {**_TEXT, "description": "A JSON object, at most 64 KiB."},
    },
}


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(tags=["intake"])
    refused = (SourceNotFound, SourceTakesNoFiles, FormRefused, FileTooLarge, MetadataTooLarge, IdempotencyMismatch)
    lake = (StoreQuota, StoreForbidden, StoreUnavailable)
    form = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}

    @made.post(
        PATH,
        status_code=202,
        responses=body(SourceJob, status=202) | problems(*refused, QueueFull, *lake),
        openapi_extra=form,
    )
    async def upload(
        source_id: str,
        caller: Triggering,
        request: Request,
        response: Response,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Upload a file. 202 means it is stored; its bytes decide what it is, and its job says what came of it.

        Rows of CSV, XLSX, JSON, NDJSON and Parquet become a dataset. The same bytes are imported once.
        With an Idempotency-Key the same upload makes its job once, for 7 days at least.
        """
        source = source_id_of(source_id)
        job = await upload_file(
            request.headers.get("content-type", ""),
            request.stream(),
            source,
            upload_id=uuid4(),
            key=read_key(idempotency_key, {"source_id": str(source)}),
            tenant=caller.tenant,
            created_by=caller.name,
            most_bytes=runtime.settings.max_upload_bytes,
            room=runtime.settings.max_queue_size,
            lake=runtime.lake,
            database=runtime.database,
        )
        response.headers["Location"] = f"/api/background/job/{job['id']}"
        return job

    return made

"""Take a file in: into the lake as it arrives, then a job that imports it."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from infra.runtime.http.multipart import Form, FormRefused, read_form
from infra.runtime.http.wrong_fields import refuse_unkept
from infra.runtime.lake import Lake
from schemas.problem import Problem
from services.intake.files.filename import shown_name
from services.intake.files.submit_import import require_takes_files, submit_import
from services.intake.files.upload import ORIGINAL, Upload
from services.intake.store import sources
from services.jobs.job import NewJob
from services.jobs.submitting.idempotency import IdempotencyKey, fingerprint, keyed_id
from services.jobs.submitting.submission import refuse_metadata

KIND = QUEUE = "import"
_OURS = {"filename", "supplier_id", "dataset_id", "size_bytes"}


class FileTooLarge(Problem):
    """The file has more bytes than one may have."""

    code: ClassVar[str] = "FILE_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The file is too large"
    recovery: ClassVar[str] = (
        "Send it in several files, or compressed as Parquet; HEADRACE_MAX_UPLOAD_BYTES is the limit."
    )


async def upload_file(
    content_type: str,
    stream: AsyncIterator[bytes],
    source_id: UUID,
    *,
    upload_id: UUID,
    key: IdempotencyKey | None,
    tenant: str,
    created_by: str | None,
    most_bytes: int,
    room: int,
    lake: Lake,
    database: Database,
) -> dict[str, Any]:
    """The job that imports the file, as callers see it; the form's other fields are ``supplier_id`` and ``metadata``.

    Under a known ``key`` it is its first one. ``room`` is how many jobs may wait in one queue. Raises
    ``SourceNotFound``, ``SourceTakesNoFiles``, ``FormRefused``, ``FileTooLarge``, ``MetadataTooLarge``,
    ``InvalidRequest``, ``IdempotencyMismatch``, ``QueueFull``, ``DatabaseAway`` and what the lake raises; then nothing
    of the file is left. Where nobody can tell whether the job is there, the file stays for ``sweep_strays``.
    """
    async with database.reading() as tx:
        require_takes_files(await sources.one(tx, source_id, tenant=tenant))
    job_id = upload_id if key is None else keyed_id(key, tenant=tenant, of="file")
    # under one key each has an object of its own: until it is known whose the job is, and when a job that moved into
    # the warehouse has left its id to another
    name = f"uploads/{tenant}/{job_id}/{ORIGINAL if key is None else upload_id}"

    async def take(filename: str, blocks: AsyncIterator[bytes]) -> Upload:
        return await _store(lake, name, filename, blocks, most_bytes)

    try:
        form = await read_form(content_type, stream, file="file", take=take)
        job = NewJob(
            id=job_id,
            kind=KIND,
            queue=QUEUE,
            tenant=tenant,
            created_by=created_by,
            source_id=str(source_id),
            **_said(form, key),
        )
    except BaseException:
        await lake.delete(name)
        raise
    return await submit_import(job, source_id, room=room, object_name=name, lake=lake, database=database)


async def _store(lake: Lake, name: str, filename: str, blocks: AsyncIterator[bytes], most: int) -> Upload:
    digest, size = hashlib.sha256(), 0

    async def counted() -> AsyncGenerator[bytes, None]:
        nonlocal size
        async for block in blocks:
            size += len(block)
            if size > most:
                raise FileTooLarge(f"A file may have {most} bytes", limit=most)
            digest.update(block)
            yield block

    async with aclosing(counted()) as read:
        await lake.create(name, read)
    return Upload(object_name=name, filename=shown_name(filename), sha256=digest.hexdigest(), size_bytes=size)


def _said(form: Form[Upload], key: IdempotencyKey | None) -> dict[str, Any]:
    if form.taken is None:
        raise FormRefused("It has no file in the field file")
    metadata = _metadata(form.fields, form.taken)
    meant = key and fingerprint({"asked": key.fingerprint, "sha256": form.taken.sha256, "metadata": metadata})
    return {"payload": msgspec.to_builtins(form.taken), "metadata": metadata, "fingerprint": meant}


def _metadata(fields: dict[str, str], upload: Upload) -> dict[str, Any]:
    if unknown := fields.keys() - {"supplier_id", "metadata"}:
        raise FormRefused(f"It has a field that nobody reads: {min(unknown)[:80]}")
    try:
        said = msgspec.json.decode(fields.get("metadata") or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormRefused(f"Its field metadata is no JSON object: {error}") from error
    own = {name: value for name, value in said.items() if name not in _OURS}
    supplier = {"supplier_id": fields["supplier_id"]} if fields.get("supplier_id") else {}
    told = {**own, "filename": upload.filename, "size_bytes": upload.size_bytes, **supplier}
    refuse_unkept({"metadata": told})
    refuse_metadata(told)
    return told

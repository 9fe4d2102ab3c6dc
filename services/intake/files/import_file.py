"""Import an uploaded file: checked, read in a child, stored as rows, and shown as a dataset."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid5

import msgspec

from infra.postgres.database import Database, Transaction
from infra.runtime.lake import Lake
from infra.runtime.rooms import room
from schemas.problem import Problem, ProblemClass
from schemas.stored_object import ObjectExists, ObjectMissing
from services.intake.datasets.load_job import load_job
from services.intake.file_problems import FileCorrupt
from services.intake.files.in_bounds import look, read
from services.intake.files.upload import Upload
from services.intake.store import blocks, datasets
from services.jobs.job import Done, Job, Outcome, Snooze
from services.jobs.progress import Reporter
from services.jobs.store import datasets as made
from services.jobs.store import queue

WAIT_SECONDS = 2.0
_BLOCK = 1 << 20
_ROWS, _TABLE, _REJECTS = "records.ndjson.gz", "records.parquet", "rejects.ndjson.gz"


class UploadGone(Problem):
    """What was uploaded is not kept any more: it had been imported before, or its dataset was removed."""

    code: ClassVar[str] = "UPLOAD_GONE"
    kind: ClassVar[ProblemClass] = ProblemClass.PERMANENT
    status: ClassVar[int] = 410
    title: ClassVar[str] = "The uploaded file is not there any more"
    recovery: ClassVar[str] = "Upload the file again."


async def import_file(job: Job, *, database: Database, lake: Lake, reporter: Reporter) -> Outcome:
    """One upload becomes a dataset, or the duplicate of one; while another job imports the same bytes it waits.

    Raises every problem of ``file_problems``, the lake's, ``UploadGone``, ``ChildDied`` and ``LeaseLost``.
    """
    upload = msgspec.convert(job.payload, Upload)
    async with room("import") as place:
        if not await _fetched(lake, upload, place / "file"):
            return await _duplicate(job, upload, await _earlier(job, upload, database=database), lake=lake)
        kind = await look(place / "file", upload.filename)
        await reporter.report(job, 10, step="format_validation")
        earlier = await _claim(job, upload, database=database)
        if isinstance(earlier, Snooze):
            return earlier
        await reporter.report(job, 20, step="duplicate_check")
        if earlier is not None:
            return await _duplicate(job, upload, earlier, lake=lake)
        await reporter.report(job, 40, step="stored_in_lake")
        table = await read(place / "file", kind, place)
        await reporter.report(job, 70, step="parsed", message=f"{table['row_count']} rows")
        dataset = {**_described(job, upload, await _source(job, database)), **table, "file_type": kind}
        await _store(lake, dataset, place)
        await reporter.report(job, 90, step="ndjson_stored")
        await reporter.report(job, 99, step="dataset_created")
    return _done(job, dataset)


async def _fetched(lake: Lake, upload: Upload, path: Path) -> bool:
    """The file as it was uploaded, proven before it is read; False if it is gone."""
    try:
        with path.open("wb") as written:
            async with aclosing(lake.read(upload.object_name)) as blocks:
                async for block in blocks:
                    await asyncio.to_thread(written.write, block)
    except ObjectMissing:
        return False
    if await asyncio.to_thread(_sha256, path) != upload.sha256:
        raise FileCorrupt("What lies in the lake is not what was uploaded")
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


async def _earlier(job: Job, upload: Upload, *, database: Database) -> dict[str, Any]:
    # a worker that died may have removed the file of a duplicate, and told nobody that it is one
    async with database.reading() as tx:
        earlier = await datasets.same(tx, upload.sha256, tenant=job.tenant)
    if earlier is None:
        raise UploadGone
    return earlier


async def _claim(job: Job, upload: Upload, *, database: Database) -> dict[str, Any] | Snooze | None:
    """The dataset that these bytes are already; None if this job is to import them."""
    async with database.transaction() as tx:
        mine = await datasets.claim(tx, upload.sha256, job.id, tenant=job.tenant)
        # looked for once nobody else can be at it: who finished a moment ago is seen
        earlier = await datasets.same(tx, upload.sha256, tenant=job.tenant)
    if earlier is not None or mine:
        return earlier
    return Snooze(seconds=WAIT_SECONDS, step="duplicate_check", reason="The same file is being imported by another job")


async def _duplicate(job: Job, upload: Upload, earlier: Mapping[str, Any], *, lake: Lake) -> Done:
    if earlier["original"] != upload.object_name:
        await lake.delete(upload.object_name)

    async def also(tx: Transaction) -> None:
        await made.link(tx, job.id, earlier["id"])
        await datasets.free(tx, upload.sha256, job.id, tenant=job.tenant)

    told = {"dataset_id": str(earlier["id"]), "result_file_id": str(earlier["id"]), "filename": earlier["filename"]}
    # a job that is run again finds its own
    first = {} if earlier["job_id"] == job.id else {"duplicate_of": told["dataset_id"]}
    return Done(result={**told, **first, "imported_by": str(earlier["job_id"])}, also=also)


async def _source(job: Job, database: Database) -> tuple[UUID, str | None]:
    """The source and the maker, which the row of the job knows."""
    async with database.reading() as tx:
        return await made.origin(tx, job.id)


def _described(job: Job, upload: Upload, origin: tuple[UUID, str | None]) -> dict[str, Any]:
    # the same for every try: what a dead worker left is found again. Another attempt makes another one: what is left of
    # a dataset that was removed is still being erased
    own = f" {upload.own_name}" if upload.own_name else ""
    dataset_id = uuid5(job.id, f"dataset {job.attempt}{own}")
    return {
        "id": dataset_id,
        "tenant": job.tenant,
        "source_id": origin[0],
        "created_by": origin[1],
        "job_id": job.id,
        "filename": upload.filename,
        "sha256": upload.sha256,
        "size_bytes": upload.size_bytes,
        "original": upload.object_name,
        "location": f"datasets/{job.tenant}/{dataset_id}",
    }


async def _store(lake: Lake, dataset: Mapping[str, Any], room: Path) -> None:
    for name in (_REJECTS, _TABLE, _ROWS):
        if (path := room / name).exists() and (name != _REJECTS or dataset["reject_count"]):
            await _put(lake, f"{dataset['location']}/{name}", path)


async def _put(lake: Lake, name: str, path: Path) -> None:
    try:
        await lake.create(name, _blocks(path))
    except ObjectExists:
        there = await lake.stat(name)
        if there is not None and there.sha256 == await asyncio.to_thread(_sha256, path):
            return  # of a worker that died, or is about to
        await lake.delete(name)
        await lake.create(name, _blocks(path))


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as opened:
        while block := await asyncio.to_thread(opened.read, _BLOCK):
            yield block


def _done(job: Job, dataset: Mapping[str, Any]) -> Done:
    async def also(tx: Transaction) -> None:
        await datasets.add(tx, {**dataset, "warehouse": "pending"})
        await blocks.keep(tx, dataset["id"], dataset["blocks"])
        await made.link(tx, job.id, dataset["id"])
        await queue.enqueue(tx, load_job(dataset))

    told = {name: dataset[name] for name in ("filename", "file_type", "row_count", "reject_count", "notes")}
    return Done(result={"dataset_id": str(dataset["id"]), "result_file_id": str(dataset["id"]), **told}, also=also)

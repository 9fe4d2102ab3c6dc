"""The Python face: jobs submitted, watched and commanded by code that is not async, and worked in its process too."""

import contextlib
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from pydantic import ValidationError

from infra.runtime.auth.caller import HOME
from infra.runtime.configuration.settings import read_settings
from infra.runtime.http.wrong_fields import wrong_field, wrong_fields
from infra.runtime.telemetry.logging import leave_to_the_program
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.pause_queue import pause_queue
from services.jobs.commanding.resume_queue import resume_queue
from services.jobs.job_id import job_id as parsed
from services.jobs.kinds import kinds, queues
from services.jobs.limiting import Limiting, limiting
from services.jobs.python.callbacks import Callback, Callbacks
from services.jobs.python.file_job import FileNeedsKind, file_job
from services.jobs.python.hosting import Host, ProcessorStopped
from services.jobs.python.processing import (
    BatchProcessingResult,
    ProcessingJob,
    ProcessingPriority,
    ProcessingProgress,
    ProcessingStatus,
    batch_processing_result,
    processing_job,
    processing_progress,
)
from services.jobs.reading.find_job import find_job, job_history
from services.jobs.reading.time_remaining import recent, time_remaining
from services.jobs.store import batches
from services.jobs.submitting.admission import door
from services.jobs.submitting.batch import Batch
from services.jobs.submitting.batch_watch import BatchWatch
from services.jobs.submitting.submission import Submission
from services.jobs.submitting.submit_batch import submit_batch
from services.jobs.submitting.submit_job import submit_job

__all__ = [
    "BackgroundProcessor",
    "BatchProcessingResult",
    "FileNeedsKind",
    "ProcessingJob",
    "ProcessingPriority",
    "ProcessingProgress",
    "ProcessingStatus",
    "ProcessorStopped",
    "create_background_processor",
]


class BackgroundProcessor:
    """Submits jobs and works them in a thread of this process, beside all other processes on the same database.

    Every method may be called from any thread, callbacks included. What a method raises is a ``Problem`` with a code
    and a way out; all raise ``ProcessorStopped`` after ``shutdown`` and ``DatabaseAway`` while the database is.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._database = host.runtime.database
        self._callbacks = Callbacks(host, tenant=HOME)
        self._watch = BatchWatch(self._database, host.runtime.stopping)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def submit_job(
        self,
        file_path: str | Path | None = None,
        priority: ProcessingPriority = ProcessingPriority.NORMAL,
        metadata: Mapping[str, Any] | None = None,
        *,
        kind: str | None = None,
        payload: Mapping[str, Any] | None = None,
        max_retries: int | None = None,
        timeout: float | None = None,
    ) -> str:
        """Queue a job and return its id. A file is its payload's ``file_path``; ``timeout`` is in seconds.

        Raises ``FileNeedsKind``, ``KindNotAccepted``, ``InvalidRequest``, ``MetadataTooLarge``, ``QueueFull``.
        """
        given = {**_fields(file_path, kind, payload, metadata), "max_retries": max_retries, "timeout": timeout}
        try:
            submission = Submission.model_validate({**given, "priority": priority})
        except ValidationError as error:
            raise wrong_fields(error) from error
        return self._host.run(self._submit(submission))

    def get_job(self, job_id: str) -> ProcessingJob:
        """The job as it is now. Raises ``JobNotFound``."""
        row = self._row(job_id)
        return processing_job(row, self._limiting.of(row))

    def get_job_progress(self, job_id: str) -> ProcessingProgress:
        """How far the job is, 0 to 100. Raises ``JobNotFound``."""
        row = self._row(job_id)
        remaining = self._host.run(time_remaining(row, database=self._database, recent=self._host.runtime.once(recent)))
        return processing_progress(row, remaining=remaining)

    def register_progress_callback(self, callback: Callback) -> None:
        """Call it for every update of every job from now on, also of those that other processes work.

        One thread makes all calls, in the order of the updates; what a callback raises is logged.
        """
        self._callbacks.register(callback)

    def process_batch_sync(
        self,
        file_paths: Sequence[str | Path] | None = None,
        priority: ProcessingPriority = ProcessingPriority.NORMAL,
        timeout: float = 300,
        *,
        jobs: Sequence[Mapping[str, Any]] | None = None,
        kind: str | None = None,
    ) -> BatchProcessingResult:
        """Queue one job a file, and one a payload in ``jobs``, all or none; return when all are over.

        After ``timeout`` seconds it returns what there is: the others go on, and keep their ids. Raises what
        ``submit_job`` raises, ``BatchTooLarge`` and ``BatchNeverFits``.
        """
        _refuse(file_paths, timeout)
        wanted = [_fields(path, kind, None, None) for path in file_paths or ()]
        wanted += [_fields(None, kind, payload, None) for payload in jobs or ()]
        try:
            batch = Batch.model_validate({"priority": priority, "jobs": wanted})
        except ValidationError as error:
            raise wrong_fields(error) from error
        return self._host.run(self._process(batch, timeout))

    def cancel_job(self, job_id: str) -> None:
        """Cancel a job in any state; a running one stops within 5 s. Raises ``JobNotFound``, ``InvalidTransition``."""
        runtime = self._host.runtime
        self._host.run(
            cancel_job(parsed(job_id), tenant=HOME, kinds=runtime.once(kinds), database=self._database),
        )

    def pause(self, queue: str | None = None) -> None:
        """Take no more jobs from this queue, or from any; what runs runs on. Raises ``QueueNotFound``."""
        self._host.run(pause_queue(queue, known=queues(), database=self._database))

    def resume(self, queue: str | None = None) -> None:
        """Work this queue again, or every one. Raises ``QueueNotFound``."""
        self._host.run(resume_queue(queue, known=queues(), database=self._database))

    def shutdown(self) -> None:
        """Tell callbacks what has happened, give back what is worked here, and close; again is fine."""
        with contextlib.suppress(ProcessorStopped):
            self._callbacks.stop()
        self._host.stop()

    @property
    def _limiting(self) -> Limiting:
        return self._host.runtime.once(limiting)

    def _row(self, job_id: str) -> dict[str, Any]:
        history = self._host.runtime.once(job_history)
        return self._host.run(find_job(parsed(job_id), tenant=HOME, database=self._database, warehouse=history))

    async def _submit(self, submission: Submission) -> str:
        comes_in = self._host.runtime.once(door)
        row = await submit_job(
            submission, job_id=uuid4(), key=None, tenant=HOME, door=comes_in, database=self._database
        )
        return str(row["id"])

    async def _process(self, batch: Batch, seconds: float) -> BatchProcessingResult:
        comes_in = self._host.runtime.once(door)
        batch_id, ids = await submit_batch(
            batch, batch_id=uuid4(), key=None, tenant=HOME, door=comes_in, database=self._database
        )
        await self._watch.wait(batch_id, seconds=seconds)
        async with self._database.reading() as tx:
            numbers = await batches.numbers(tx, batch_id, tenant=HOME) or {"seconds": 0.0}
            rows = await batches.page(tx, batch_id, after=None, limit=len(ids))
        return batch_processing_result(rows, seconds=numbers["seconds"], limiting=self._limiting)


def create_background_processor(**settings: Any) -> BackgroundProcessor:
    """A processor at work. ``settings`` are fields of ``Settings``, such as ``data_dir``; the environment has the rest.

    Without a shutdown it is shut down when the program ends. Raises ``SettingsRefused``, ``DatabaseUnavailable``,
    ``DatabaseUrlRefused``, ``ForeignLake``.
    """
    leave_to_the_program()
    processor = BackgroundProcessor(Host(read_settings(**settings)))
    # atexit comes too late: stopping the embedded database needs a thread, and by then no new ones may start
    threading._register_atexit(processor.shutdown)  # type: ignore[attr-defined]  # noqa: SLF001  # see above
    return processor


def _refuse(file_paths: object, timeout: object) -> None:
    """Before anything is queued: what comes after it could not be told from a batch that is refused."""
    if isinstance(file_paths, str | Path):  # each letter would be a file
        raise wrong_field("file_paths", "must be a list of paths")
    if timeout is not None and (not isinstance(timeout, int | float) or math.isnan(timeout)):
        raise wrong_field("timeout", "must be a number of seconds")


def _fields(
    path: str | Path | None,
    kind: str | None,
    payload: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
) -> dict[str, Any]:
    if path is not None:
        return file_job(path, kind=kind, payload=payload, metadata=metadata)
    return {"kind": kind, "payload": payload or {}, "metadata": metadata or {}}

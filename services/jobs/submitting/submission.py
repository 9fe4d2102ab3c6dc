"""What callers may submit, and the jobs that become of it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from infra.runtime.http.wrong_fields import refuse_unkept, wrong_fields
from schemas.problem import Problem
from services.jobs.job import NewJob
from services.jobs.kinds import Kinds
from services.jobs.level import Level
from services.jobs.rank import Priority, adjustment_seconds

MAX_METADATA = 64 << 10  # bytes, as JSON
_LAST_YEAR = 2100
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


class MetadataTooLarge(Problem):
    """More metadata than a job may carry."""

    code: ClassVar[str] = "METADATA_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "The metadata is larger than 64 KiB"
    recovery: ClassVar[str] = "Keep what is large elsewhere and put a reference to it into `metadata`."


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        msg = f"must be a time until the year {_LAST_YEAR}"
        raise ValueError(msg) from error


def _foreseeable(value: datetime) -> datetime:
    if value.year > _LAST_YEAR:
        msg = f"must be a time until the year {_LAST_YEAR}"
        raise ValueError(msg)
    return value


def _written(value: object) -> object:
    """Numbers are nobody's time: seconds and milliseconds could only be told apart by guessing."""
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO.match(value)):
        return value
    msg = "must be a datetime in ISO 8601 with its zone, such as 2030-01-31T08:00:00Z"
    raise ValueError(msg)


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc), AfterValidator(_foreseeable)]
MaxRetries = Field(None, ge=0, le=100, description="Retries by itself; unset: PROCESSING_MAX_RETRIES.")
Timeout = Field(None, gt=0, le=86_400, description="Seconds it may run; unset: as its kind says.")
Word = Annotated[str, Field(min_length=1, max_length=200)]


class JobFields(BaseModel):
    """What a submission says of a job. A batch says it once for all of its jobs, and each of them otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Word | None = Field(None, description="What the job does.")
    payload: dict[str, Any] = Field(default_factory=dict, description="What the kind needs.")
    priority: Level = Priority.NORMAL.value
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="The caller's own, at most 64 KiB; `filename` and `size_bytes` may count for the order.",
    )
    max_retries: int | None = MaxRetries
    timeout: float | None = Timeout
    due_at: Moment | None = Field(None, description="When it may start; unset: at once.")
    source_id: Word | None = None
    related_dataset_id: Word | None = None


class Submission(JobFields):
    """The body of a submission."""

    kind: Word = Field(description="What the job does.")


def new_job(
    submission: Submission,
    *,
    job_id: UUID,
    tenant: str,
    kinds: Kinds,
    by_file: bool,
    created_by: str | None = None,
    fingerprint: str | None = None,
) -> NewJob:
    """The job that a submission asks for; ``by_file``: its file's type and size count for its rank.

    Raises ``KindNotAccepted``, ``MetadataTooLarge``, ``InvalidRequest``.
    """
    entry = kinds.entry(submission.kind)
    refuse_metadata(submission.metadata)
    refuse_unkept(submission.model_dump(include={"payload", "metadata", "source_id", "related_dataset_id"}))
    try:
        kinds.payload_model(submission.kind).model_validate(submission.payload)
    except ValidationError as error:
        raise wrong_fields(error, below="payload") from error
    return NewJob(
        id=job_id,
        kind=submission.kind,
        queue=entry.queue,
        tenant=tenant,
        created_by=created_by,
        priority=submission.priority,
        max_tries=None if submission.max_retries is None else submission.max_retries + 1,
        timeout_seconds=submission.timeout,
        due_at=submission.due_at,
        adjust_seconds=_adjustment(submission.metadata) if by_file else 0.0,
        payload=submission.payload,
        metadata=submission.metadata,
        source_id=submission.source_id,
        related_dataset_id=submission.related_dataset_id,
        fingerprint=fingerprint,
    )


def refuse_metadata(metadata: Mapping[str, Any]) -> None:
    """Raises ``MetadataTooLarge``."""
    try:
        size = len(msgspec.json.encode(metadata))
    except (OverflowError, RecursionError, TypeError, UnicodeEncodeError, msgspec.MsgspecError):
        return  # what cannot be written at all is refused by its own name
    if size > MAX_METADATA:
        raise MetadataTooLarge(f"metadata has {size} bytes as JSON, allowed are {MAX_METADATA}", limit=MAX_METADATA)


def _adjustment(metadata: Mapping[str, Any]) -> float:
    filename, size = metadata.get("filename"), metadata.get("size_bytes")
    known = isinstance(size, int) and not isinstance(size, bool)
    return adjustment_seconds(filename if isinstance(filename, str) else None, size if known else None)


def meant(body: BaseModel) -> dict[str, Any]:
    """A body as it was meant, to compare it with another. Raises ``InvalidRequest`` for what cannot be kept."""
    said = body.model_dump(mode="python", exclude_unset=True)
    refuse_unkept(said)
    return said

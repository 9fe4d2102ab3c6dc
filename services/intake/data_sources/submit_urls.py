"""Submit pages of a website: each becomes a job that captures it."""

from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.postgres.database import Database, Transaction
from infra.runtime.egress.destination import destination
from infra.runtime.http.wrong_fields import refuse_unkept
from schemas.problem import Problem
from schemas.web_url import WebUrl
from services.intake.data_sources.capture_job import capture_job
from services.intake.data_sources.source import SourceNotFound, WebUrls
from services.intake.store import sources
from services.jobs.level import Level
from services.jobs.rank import Priority
from services.jobs.shapes import source_job
from services.jobs.store import admission, views
from services.jobs.submitting.admission import admit
from services.jobs.submitting.idempotency import IdempotencyKey, IdempotencyMismatch, keyed_id
from services.jobs.submitting.submission import refuse_metadata


class SourceTakesNoUrls(Problem):
    """Only websites take URLs."""

    code: ClassVar[str] = "SOURCE_TAKES_NO_URLS"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This data source takes no URLs"
    recovery: ClassVar[str] = "Submit them to a data source of the type `website`; POST /api/v1/data-sources makes one."


class SubmittedUrls(BaseModel):
    """The body that submits pages: one ``url``, or several ``urls``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: WebUrl | None = None
    urls: WebUrls | None = Field(None, min_length=1)
    priority: Level = Priority.NORMAL.value
    metadata: dict[str, Any] = Field(default_factory=dict, description="The caller's own, at most 64 KiB.")

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if (self.url is None) is (self.urls is None):
            msg = "give exactly one of url and urls"
            raise ValueError(msg)
        return self

    @property
    def all(self) -> list[str]:
        """Every URL, in the order given."""
        return self.urls or [str(self.url)]


async def submit_urls(
    submitted: SubmittedUrls,
    source_id: UUID,
    *,
    first_id: UUID,
    key: IdempotencyKey | None,
    allow: frozenset[str],
    tenant: str,
    room: int,
    database: Database,
    created_by: str | None = None,
) -> list[dict[str, Any]]:
    """The jobs as callers see them, in the order of their URLs: all are taken, or none; under a known key its first.

    ``room`` is how many jobs may wait in one queue, ``allow`` are hosts that may be private. Raises ``SourceNotFound``,
    ``SourceTakesNoUrls``, ``MetadataTooLarge``, ``InvalidRequest``, ``EgressRefused``, ``IdempotencyMismatch``,
    ``QueueFull``.
    """
    refuse_unkept(submitted.model_dump())
    refuse_metadata(submitted.metadata)
    for url in submitted.all:
        destination(url, allow)
    async with database.transaction() as tx:
        source = await sources.hold(tx, source_id, tenant=tenant)
        if source is None:
            raise SourceNotFound
        if source["source_type"] != "website":
            raise SourceTakesNoUrls(f"It is of the type {source['source_type']}")
        said: dict[str, Any] = {
            "priority": submitted.priority,
            "metadata": submitted.metadata,
            "created_by": created_by,
            "fingerprint": key.fingerprint if key else None,
        }
        ids = _ids(first_id if key is None else keyed_id(key, tenant=tenant, of="urls"), len(submitted.all))
        if key is None or not await _known(tx, ids[0], key):
            pages = zip(submitted.all, ids, strict=True)
            await admit(
                tx, [capture_job(source, url, job_id=one, tenant=tenant, **said) for url, one in pages], room=room
            )
        found = {row["id"]: row for row in await views.some(tx, ids, tenant=tenant)}
    return [source_job(found[one]) for one in ids if one in found]


def _ids(first: UUID, count: int) -> list[UUID]:
    return [first, *(uuid5(first, str(number)) for number in range(1, count))]


async def _known(tx: Transaction, job_id: UUID, key: IdempotencyKey) -> bool:
    known = await admission.known(tx, job_id)
    if known not in {None, key.fingerprint}:
        raise IdempotencyMismatch
    return known is not None

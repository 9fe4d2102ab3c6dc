"""A document job at work: what it is about, and the only way in which it writes."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.documents.store import document_crawls
from services.documents.store.documents import Origin
from services.jobs.engine.settle import hold
from services.jobs.job import Job

FUNCTION_SECONDS = 480.0  # a function lives nine minutes: then it goes on in a fresh claim
EXTRACTING, CLASSIFYING = "extracting", "classifying"
EXTRACTED = 40.0  # of 100: progress where all documents are stored


class Superseded(Exception):
    """A later attempt of the crawl stands, its result is over, or its data is erased: this job must not write."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One claim of the job of a crawl's attempt; it goes on in another one ``until`` the monotonic clock says so."""

    job: Job
    source_id: str | None
    until: float
    database: Database

    @property
    def origin(self) -> Origin:
        """What its documents have in common."""
        said = self.job.payload
        return Origin(
            tenant=self.job.tenant,
            source_id=self.source_id,
            crawl_id=UUID(said["crawl_id"]),
            attempt=said["attempt"],
            job_id=self.job.id,
        )

    @property
    def object_name(self) -> str:
        """The stored result."""
        return str(self.job.payload["object_name"])

    @property
    def rows(self) -> int:
        """Lines of it."""
        return int(self.job.payload["row_count"])

    @property
    def late(self) -> bool:
        """Whether the rest belongs to another claim."""
        return time.monotonic() > self.until

    @asynccontextmanager
    async def writing(self, *, progress: float, step: str, cursor: dict[str, Any]) -> AsyncIterator[Transaction]:
        """A transaction that keeps how far the job is; whoever erases the crawl waits for its end.

        Raises ``Superseded``, and ``LeaseLost`` if the job is not held any more.
        """
        origin = self.origin
        async with self.database.transaction() as tx:
            stands = await document_crawls.standing(tx, origin.crawl_id, attempt=origin.attempt, tenant=origin.tenant)
            if not stands:
                raise Superseded
            await hold(tx, self.job, progress=progress, step=step, cursor=cursor)
            yield tx

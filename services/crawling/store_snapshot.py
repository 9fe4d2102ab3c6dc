"""Store what a provider finished: stream, verify, write, complete, tell."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.crawling.complete_crawl import completed
from services.crawling.crawl import Crawl
from services.crawling.crawl_log import name_crawl
from services.crawling.failure import MetadataNotFound
from services.crawling.governor import ProviderResting
from services.crawling.look_up_order import submission
from services.crawling.policy import Policy
from services.crawling.polling.verdict import ProviderStalled
from services.crawling.ports import Lake, Provider
from services.crawling.provider_problems import NotReady
from services.crawling.result.ndjson import Judge
from services.crawling.result.part import PartWriter, Place
from services.crawling.result.proof import cut_short, prove
from services.crawling.result.tally import Tally
from services.crawling.store import crawls, leftovers
from services.jobs.engine.settle import hold
from services.jobs.job import Job, Outcome, Resume, Snooze

log = structlog.get_logger()

FUNCTION_SECONDS = 540.0  # push deliveries end at ten minutes: long work goes on in a fresh claim
READY_PROGRESS = 50.0


class ResultCountMismatch(Problem):
    """The provider promised another number of records than it delivered."""

    code: ClassVar[str] = "RESULT_COUNT_MISMATCH"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    stage: ClassVar[str] = "download"
    title: ClassVar[str] = "The result has another number of records than the provider counted"
    recovery: ClassVar[str] = "Use download to fetch the same snapshot again; it is not bought again."


@dataclass
class Cursor:
    """How far a store is; it lives in the job's row, so that another worker can go on."""

    parts: int = 0
    total: int | None = None
    tally: Tally = field(default_factory=Tally)
    not_ready_since: str | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Cursor":
        """The cursor a row keeps, or a new one."""
        stored = dict(stored or {})
        return cls(**{**stored, "tally": Tally(**stored.get("tally", {}))})

    @property
    def progress(self) -> float:
        """0 to 100, of the whole crawl."""
        return READY_PROGRESS + (45.0 * self.parts / self.total if self.total else 0.0)


async def store_snapshot(
    job: Job, *, database: Database, lake: Lake, providers: Mapping[str, Provider], policy: Policy
) -> Outcome:
    """Fetch the missing parts, compose, prove and complete.

    Raises the provider's, the judge's and the lake's problems, ``ResultCountMismatch`` and ``LeaseLost``.
    """
    name_crawl(job)
    async with database.reading() as tx:
        crawl = await crawls.get(tx, job.id)
    if crawl is None or crawl.snapshot_id is None:
        raise MetadataNotFound
    storing = Storing(
        job=job, crawl=crawl, database=database, lake=lake, provider=providers[crawl.provider], policy=policy
    )
    try:
        if not await storing.fetch_parts():
            return Resume()
    except ProviderResting as resting:
        return Snooze(seconds=(resting.retry_after or 1.0) + 0.1)
    except NotReady as not_ready:
        return await storing.wait_until_ready(not_ready, policy)
    return await storing.finish()


class Storing:
    """One claim of a crawl's store."""

    def __init__(
        self, *, job: Job, crawl: Crawl, database: Database, lake: Lake, provider: Provider, policy: Policy
    ) -> None:
        self.job = job
        self.crawl = crawl
        self.snapshot_id = crawl.snapshot_id or ""
        self.database = database
        self.lake = lake
        self.provider = provider
        self.policy = policy
        self.cursor = Cursor.of(job.cursor)
        self.place = Place(prefix=f"crawls/{crawl.tenant}/{crawl.id}/{job.attempt}")
        fresh = sha256() if self.cursor.parts == 0 else None
        self.writer = PartWriter(lake=lake, place=self.place, tally=self.cursor.tally, digest=fresh)
        self._ends_at = time.monotonic() + FUNCTION_SECONDS

    async def fetch_parts(self) -> bool:
        """Store the parts that are missing; False when this claim's time is over before all are there."""
        had = self.cursor.parts
        if not had:
            async with self.database.transaction() as tx:
                await leftovers.expect(tx, self.crawl.id, attempt=self.job.attempt, tenant=self.crawl.tenant)
        while not await self._has_all():
            if self.cursor.parts > had and time.monotonic() > self._ends_at:
                return False
            await self._fetch_part(self.cursor.parts + 1)
        return True

    async def _has_all(self) -> bool:
        # The provider knows how many parts there are once part 1 was asked for. It is always asked: what it promised
        # counts no failed inputs, so part 1 can look complete while such lines follow.
        if self.cursor.total is None and self.cursor.parts:
            self.cursor.total = max(await self.provider.parts(self.snapshot_id), self.cursor.parts)
            await self._keep()
        return self.cursor.parts == self.cursor.total

    async def _fetch_part(self, number: int) -> None:
        last = self.cursor.total is not None and number == self.cursor.total
        await self.writer.store(number, self.provider.download(self.snapshot_id, number), last=last)
        self.cursor.parts, self.cursor.tally, self.cursor.not_ready_since = number, self.writer.tally, None
        if self.cursor.total is not None:
            await self._keep()
        log.debug("part stored", part=number, parts=self.cursor.total, rows=self.cursor.tally.rows)

    async def _keep(self) -> None:
        async with self.database.transaction() as tx:
            await hold(tx, self.job, progress=self.cursor.progress, step="downloading", cursor=asdict(self.cursor))

    async def wait_until_ready(self, not_ready: NotReady, policy: Policy) -> Outcome:
        """The provider said ready and is not: come back as told, but not for ever.

        Raises ``ProviderStalled``.
        """
        now = datetime.now(UTC)
        since = datetime.fromisoformat(self.cursor.not_ready_since) if self.cursor.not_ready_since else now
        if (now - since).total_seconds() > policy.stall or now > self.crawl.deadline:
            raise ProviderStalled(f"ready, but not to be downloaded since {since.isoformat()}") from not_ready
        self.cursor.not_ready_since = since.isoformat()
        await self._keep()
        return Snooze(seconds=not_ready.retry_after or policy.poll_interval)

    async def finish(self) -> Outcome:
        """Compose, hash, check the counts and complete."""
        self._check_count()
        proof = await prove(
            self.lake,
            self.place,
            crawl=self.crawl,
            attempt=self.job.attempt,
            parts=self.cursor.parts,
            tally=self.cursor.tally,
            cut_short=cut_short(self.crawl, self._asked(), self.cursor.tally),
            digest=self.writer.digest.hexdigest() if self.writer.digest is not None else None,
        )
        await self._discard_parts()
        return completed(self.job, self.crawl, proof)

    def _asked(self) -> int | None:
        return self.provider.asked(submission(self.crawl, self.policy))

    def _check_count(self) -> None:
        expected, tally = self.crawl.expected_records, self.cursor.tally
        for _ in Judge(tally=tally).finish(last=True):
            pass  # nothing is left to keep; the share of rejects is judged over all parts
        posts = tally.lines - tally.error_rows
        if expected is not None and expected not in {posts, tally.lines}:
            raise ResultCountMismatch(f"the provider counted {expected} records, {posts} came")

    async def _discard_parts(self) -> None:
        for number in range(1, self.cursor.parts + 1):
            await self.lake.delete(self.place.part(number))

"""Events, the outbox they wait in, and a bus that remembers what it was told."""

import asyncio
from collections.abc import Sequence

from infra.postgres.database import Database
from schemas.envelope import Envelope
from schemas.events.crawl_failed import CrawlFailed
from schemas.events.crawl_triggered import CrawlTriggered
from schemas.problem import Problem, ProblemClass


class TooLarge(Problem):
    """What a bus says of an event that it never takes."""

    code = "TOO_LARGE"
    kind = ProblemClass.DATA


class Radio:
    """A bus that remembers, and breaks on demand."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.calls: list[int] = []
        self.deaf_to: set[str] = set()
        self.refused: set[str] = set()
        self.crash: BaseException | None = None
        self.inside = self.most = 0

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.calls.append(len(envelopes))
        await asyncio.sleep(0)
        self.inside -= 1
        if self.deaf_to & {envelope.type for envelope in envelopes}:
            raise ConnectionError("no bus")
        if self.refused & {envelope.id for envelope in envelopes}:
            raise TooLarge
        self.told += [envelope.id for envelope in envelopes]
        if self.crash is not None:
            raise self.crash


def triggered(number: int) -> CrawlTriggered:
    """The same event for the same number."""
    return CrawlTriggered(
        crawl_id=f"crawl-{number}", attempt=1, snapshot_id="s", platform="p", competitor="c", provider="bright_data"
    )


def failed(number: int) -> CrawlFailed:
    """The same failure for the same number."""
    return CrawlFailed(crawl_id=f"crawl-{number}", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")


async def tell(database: Database, *events: CrawlTriggered | CrawlFailed) -> None:
    """Commit a transaction that records these events."""
    async with database.transaction() as tx:
        for event in events:
            await tx.record(event, tenant="default")


async def waiting(database: Database) -> int:
    """How many events have not been told yet."""
    return int(await database.pool.fetchval("SELECT count(*) FROM outbox"))


async def time_passes(database: Database) -> None:
    """All claims and pauses of the outbox are over."""
    await database.pool.execute("UPDATE outbox SET due_at = now()")

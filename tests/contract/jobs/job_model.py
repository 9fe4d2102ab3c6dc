"""Jobs as they must be, whatever happens, and the comparison with the real ones after every step."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from services.jobs.job import Job
from services.jobs.rank import rank_seconds
from tests.contract.jobs.commanding import Commander
from tests.contract.jobs.rig import Desk

ENDED = {"completed", "failed", "cancelled"}
LEGAL = {
    "ready": {"cancel", "pause", "restart", "priority"},
    "scheduled": {"cancel", "pause", "restart", "priority"},
    "waiting": {"cancel", "pause", "restart", "priority"},
    "running": {"cancel", "pause", "restart"},
    "pausing": {"cancel", "pause", "resume", "restart"},
    "cancelling": {"cancel", "restart"},
    "paused": {"cancel", "resume", "restart", "priority"},
    **{ended: {"retry", "restart"} for ended in ENDED},
}
Answer = TypeVar("Answer")


@dataclass
class Known:
    """A job as it must be."""

    id: UUID
    since: datetime
    priority: int
    state: str = "ready"
    want: str | None = None
    attempt: int = 1
    boost: float = 0.0
    failures: int = 0
    progress: float = 0.0
    paused_from: str = "ready"
    lease: Job | None = None
    ends: list[tuple[int, str]] = field(default_factory=list)

    @property
    def rank(self) -> tuple[datetime, UUID]:
        """Its place in the order."""
        seconds = rank_seconds(self.priority, boost=self.boost, failures=self.failures)
        return self.since + timedelta(seconds=seconds), self.id

    def end(self, how: str) -> None:
        self.state, self.want = how, None
        self.ends.append((self.attempt, how))

    def pause(self) -> None:
        self.paused_from = "ready" if self.state == "running" else self.state
        self.state, self.want = "paused", None


class Jobs(RuleBasedStateMachine):
    """A real database, and what must stand in it."""

    runner: ClassVar[asyncio.Runner]
    desk: ClassVar[Desk]
    command: ClassVar[Commander]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[UUID, Known] = {}
        self.zombies: list[Job] = []

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.runner.run(work)

    def some(self, data: st.DataObject, *states: str) -> Known:
        fit = [job for job in self.jobs.values() if not states or job.state in states]
        return fit[data.draw(st.integers(0, len(fit) - 1))]

    def any_of(self, *states: str) -> bool:
        return any(job.state in states for job in self.jobs.values())

    def lost(self, job: Known) -> None:
        """Whoever held it is a zombie from now on."""
        if job.lease is not None:
            self.zombies.append(job.lease)
        job.lease = None

    @initialize()
    def nothing(self) -> None:
        self.run(self.desk.database.pool.execute("TRUNCATE jobs, job_events, events, outbox"))

    @invariant()
    def everything_is_as_it_must_be(self) -> None:
        rows = {UUID(str(row["id"])): row for row in self.run(self.desk.database.pool.fetch("SELECT * FROM jobs"))}
        assert rows.keys() == self.jobs.keys()
        for job_id, row in rows.items():
            job = self.jobs[job_id]
            same = ("state", "want", "attempt", "priority", "progress", "failures")
            assert {name: row[name] for name in same} == {name: getattr(job, name) for name in same}
            assert abs(row["rank_at"] - job.rank[0]) < timedelta(milliseconds=1)
            assert (row["lease_until"] is not None) == (job.state == "running")
            assert (row["finished_at"] is not None) == (job.state in ENDED)

    @invariant()
    def every_end_was_told_once(self) -> None:
        sql = "SELECT data FROM events WHERE type = 'job.finished' ORDER BY seq"
        told: dict[str, list[tuple[int, str]]] = {}
        for row in self.run(self.desk.database.pool.fetch(sql)):
            told.setdefault(row["data"]["job_id"], []).append((row["data"]["attempt"], row["data"]["status"]))
        assert told == {str(job.id): job.ends for job in self.jobs.values() if job.ends}
        for ends in told.values():
            assert len({attempt for attempt, _ in ends}) == len(ends)

    @invariant()
    def progress_never_fell_within_an_attempt(self) -> None:
        fell = self.run(
            self.desk.database.pool.fetchval(
                "SELECT count(*) FROM (SELECT progress - lag(progress) OVER (PARTITION BY job_id, attempt ORDER BY id)"
                " AS step FROM job_events) AS steps WHERE step < 0"
            )
        )
        assert fell == 0

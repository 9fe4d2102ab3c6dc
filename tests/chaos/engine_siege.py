"""A siege of the job engine alone: its workers are killed and stopped, its PostgreSQL crashes, no doorbell rings."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from infra.postgres import server as postgres
from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.postgres.migrate import found, migrate
from infra.postgres.server import EmbeddedServer
from services.jobs.job import NewJob
from services.jobs.store import control, queue, rows
from tests.chaos.engine_worker import EFFECTS, LEASE_SECONDS, QUEUE
from tests.chaos.program import ROOT, Program, until

KINDS = ("plain", "effect", "stumble", "snooze", "parts", "long", "batch", "plain", "doomed", "late", "assassin")
ENDED = "('completed', 'failed', 'cancelled')"
_RESUME = f"""WITH resumed AS (
  UPDATE jobs SET state = paused_from, paused_from = NULL WHERE state = 'paused' RETURNING *
) {rows.telling("resumed", "resumed")}"""


@dataclass(frozen=True, order=True)
class Fault:
    """Something bad ``at`` a second of the siege; ``pick`` says whom it hits of those who are there."""

    at: float
    what: str
    pick: int
    lasting: float = 0.0


@dataclass
class Siege:
    """``wished`` are the jobs that somebody wanted cancelled; ``figures`` count what happened."""

    dsn: str
    database: Database
    folder: Path
    tree: Path = ROOT
    server: EmbeddedServer | None = None
    figures: Counter[str] = field(default_factory=Counter)
    wished: set[UUID] = field(default_factory=set)
    workers: list[Program] = field(default_factory=list)
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def notes(self) -> Path:
        return self.folder / "refused"

    @property
    def refused(self) -> int:
        """How many writes of workers were refused because they had lost their lease."""
        return len(self.notes.read_text().splitlines()) if self.notes.exists() else 0

    def man(self, count: int) -> None:
        """Have so many workers."""
        for number in range(count):
            script = str(ROOT / "tests/chaos/engine_worker.py")
            command = [sys.executable, script, self.dsn, f"worker-{number}", str(self.notes)]
            log = self.folder / f"worker-{number}.log"
            worker = Program(command, log=log, environment={"PYTHONPATH": str(self.tree)}, folder=self.tree)
            worker.launch()
            self.workers.append(worker)

    async def lay(self, jobs: Sequence[NewJob], faults: Iterable[Fault], *, seconds: float) -> None:
        """Let all faults happen while the jobs come in; at the end, everybody who was stopped is awake again."""
        began = time.monotonic()
        self._aside(self._customers(jobs, seconds))
        async with self._kept():
            for fault in sorted(faults):
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                await self._strike(fault)
            await asyncio.gather(*self._background)

    async def calm(self, jobs: int, *, patience: float) -> None:
        """Wait until so many jobs are there and all of them are over."""
        async with self._kept():
            await until("every job has ended", lambda: self._ended(jobs), seconds=patience, every=0.2)

    async def submit(self, jobs: Sequence[NewJob]) -> None:
        """Insist until the jobs are accepted: a commit whose answer was lost is repeated."""
        while True:
            try:
                async with self.database.transaction() as tx:
                    await queue.enqueue_many(tx, jobs)
            except DatabaseAway:
                await asyncio.sleep(0.1)
            else:
                return

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self) -> None:
        """Launch again who was killed, and resume who was paused, for ever."""
        while True:
            for worker in self.workers:
                if not worker.running:
                    assert await worker.ended(seconds=1) == -signal.SIGKILL, worker.last_words()
                    self.figures["workers that were killed"] += 1
                    worker.launch()
            await self._say(_RESUME)
            await asyncio.sleep(0.3)

    async def _ended(self, count: int) -> bool:
        found = await self._ask(f"SELECT count(*) AS n, bool_and(state IN {ENDED}) AS over FROM jobs")
        return bool(found and found[0]["n"] == count and found[0]["over"])

    async def _customers(self, jobs: Sequence[NewJob], seconds: float) -> None:
        chunks = [jobs[start : start + 10] for start in range(0, len(jobs), 10)]
        for chunk in chunks:
            await self.submit(chunk)
            await asyncio.sleep(seconds * 0.8 / len(chunks))

    async def _strike(self, fault: Fault) -> None:
        self.figures[fault.what] += 1
        match fault.what:
            case "kill":
                (await self._victim(fault)).kill()
            case "stop":
                self._aside(_stop(await self._victim(fault), fault.lasting))
            case "restart":
                await self._restart()
            case "cancel" | "pause":
                await self._wish(fault)
            case "again":
                await self._again(fault)

    async def _victim(self, fault: Fault) -> Program:
        """Somebody who holds a job, if that can be known."""
        held = await self._ask("SELECT DISTINCT worker FROM jobs WHERE state = 'running' ORDER BY worker")
        names = [row["worker"] for row in held] or [f"worker-{fault.pick}"]
        return self.workers[int(names[fault.pick % len(names)].rpartition("-")[2]) % len(self.workers)]

    async def _restart(self) -> None:
        assert self.server is not None
        if (pid := self.server.pid) is not None:
            os.kill(pid, signal.SIGQUIT)  # what `pg_ctl restart -m immediate` sends
        await self.server.ensure()

    async def _wish(self, fault: Fault) -> None:
        running = await self._ask("SELECT id FROM jobs WHERE state = 'running' AND kind <> 'batch' ORDER BY id")
        if not running:
            return
        job_id = UUID(str(running[fault.pick % len(running)]["id"]))
        if fault.what == "cancel":
            self.wished.add(job_id)
        await self._say(
            "UPDATE jobs SET want = $2, wanted_at = now() WHERE id = $1 AND state = 'running'", job_id, fault.what
        )

    async def _again(self, fault: Fault) -> None:
        ended = await self._ask(f"SELECT id FROM jobs WHERE state IN {ENDED} ORDER BY id")
        if not ended:
            return
        try:
            async with self.database.transaction() as tx:
                job = await control.lock(tx, ended[fault.pick % len(ended)]["id"])
                if job is not None:
                    await control.restart(tx, job, state="ready", queue=QUEUE, step="again")
        except DatabaseAway:
            self.figures["commands without an answer"] += 1

    async def _ask(self, sql: str) -> list[Any]:
        try:
            async with self.database.reading() as tx:
                return await tx.fetch(sql)
        except DatabaseAway:
            return []

    async def _say(self, sql: str, *args: object) -> None:
        try:
            async with self.database.transaction() as tx:
                await tx.execute(sql, *args)
        except DatabaseAway:
            self.figures["commands without an answer"] += 1

    def _aside(self, doing: Any) -> None:
        self._background.add(asyncio.create_task(doing))


@asynccontextmanager
async def besieged(folder: Path) -> AsyncIterator[Siege]:
    """An engine on a PostgreSQL of its own, which can crash; nothing of it is left at the end."""
    embedded = await postgres.start(folder)
    try:
        database = await Database.connect(embedded.dsn, size=1)
        await migrate(database, found(ROOT))
        await database.close()
        async with watched(embedded.dsn, folder) as siege:
            siege.server = embedded
            yield siege
    finally:
        await embedded.leave()


@asynccontextmanager
async def watched(dsn: str, folder: Path, *, tree: Path = ROOT) -> AsyncIterator[Siege]:
    """An engine on a migrated database, of the sources in ``tree``; no worker is left at the end."""
    database = await Database.connect(dsn, size=3)
    await database.pool.execute(EFFECTS)
    siege = Siege(dsn, database, folder, tree)
    try:
        yield siege
    finally:
        for worker in siege.workers:
            worker.kill()
        await database.close()


async def _stop(worker: Program, seconds: float) -> None:
    pid = worker.pid
    worker.tell(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    if worker.pid == pid:
        worker.tell(signal.SIGCONT)


def orders(random: Random, count: int) -> list[NewJob]:
    """Jobs of every kind."""
    return [_order(random, KINDS[number % len(KINDS)]) for number in range(count)]


def _order(random: Random, kind: str) -> NewJob:
    longest = 3.0 * LEASE_SECONDS if kind in {"long", "plain"} else 1.0
    quick = kind == "plain" and random.random() < 0.7
    return NewJob(
        id=UUID(int=random.getrandbits(128), version=4),
        kind=kind,
        queue=QUEUE,
        priority=random.randrange(5),
        max_tries=2 if kind == "late" else 8,
        timeout_seconds=0.3 if kind == "late" else None,
        payload={"seconds": 0.0 if quick else round(random.uniform(0.1, longest), 2), "size": random.randrange(1, 6)},
    )


def faults(
    random: Random, seconds: float, *, per_minute: dict[str, float], restarts: tuple[float, float]
) -> list[Fault]:
    """So many of each in a minute, at moments that are drawn; PostgreSQL crashes every ``restarts`` seconds."""
    drawn = [
        Fault(random.uniform(1.0, seconds), what, random.randrange(1000), LEASE_SECONDS * random.uniform(1.2, 3.0))
        for what, rate in per_minute.items()
        for _ in range(round(rate * seconds / 60))
    ]
    moment = random.uniform(*restarts)
    while moment < seconds:
        drawn.append(Fault(moment, "restart", 0))
        moment += random.uniform(*restarts)
    return drawn

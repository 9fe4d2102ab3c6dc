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
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.postgres import server as postgres
from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.postgres.migrate import found, migrate
from infra.postgres.server import EmbeddedServer
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.change_priority import change_priority
from services.jobs.commanding.commands import InvalidTransition
from services.jobs.commanding.pause_job import pause_job
from services.jobs.commanding.restart_job import restart_job
from services.jobs.commanding.resume_job import resume_job
from services.jobs.commanding.retry_job import retry_job
from services.jobs.job import NewJob
from services.jobs.kinds import Kinds
from services.jobs.store import queue
from tests.chaos.engine_plan import Fault
from tests.chaos.engine_worker import EFFECTS, Mill, kinds
from tests.chaos.program import ROOT, Program, until

ROOM = 100_000  # a full queue is not what is tried here
ENDED = "('completed', 'failed', 'cancelled')"
COMMANDS: dict[str, tuple[Any, str]] = {
    "cancel": (cancel_job, "('ready', 'scheduled', 'running')"),
    "pause": (pause_job, "('ready', 'scheduled', 'running')"),
    "priority": (partial(change_priority, priority=0), "('ready', 'scheduled')"),
    "retry": (partial(retry_job, room=ROOM), ENDED),
    "restart": (partial(restart_job, room=ROOM), f"('running', 'ready') OR state IN {ENDED}"),
}


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
    kinds: Kinds = field(init=False)
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The kinds that its workers work."""
        self.kinds = kinds(Mill(self.database).work())

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
            await self._resume()
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
            case "crash":
                await self._crash()
            case _:
                await self._command(fault)

    async def _victim(self, fault: Fault) -> Program:
        """Somebody who holds a job, if that can be known."""
        held = await self._ask("SELECT DISTINCT worker FROM jobs WHERE state = 'running' ORDER BY worker")
        names = [row["worker"] for row in held] or [f"worker-{fault.pick}"]
        return self.workers[int(names[fault.pick % len(names)].rpartition("-")[2]) % len(self.workers)]

    async def _crash(self) -> None:
        assert self.server is not None
        if (pid := self.server.pid) is not None:
            os.kill(pid, signal.SIGQUIT)  # what `pg_ctl restart -m immediate` sends
        await self.server.ensure()

    async def _command(self, fault: Fault) -> None:
        """Somebody commands a job that may take it, as far as that can be known."""
        command, states = COMMANDS[fault.what]
        fitting = await self._ask(f"SELECT id FROM jobs WHERE state IN {states} ORDER BY id")
        if not fitting:
            return
        job_id = UUID(str(fitting[fault.pick % len(fitting)]["id"]))
        if fault.what == "cancel":
            self.wished.add(job_id)
        try:
            await command(job_id, tenant="default", kinds=self.kinds, database=self.database)
        except InvalidTransition:
            self.figures["commands that came too late"] += 1
        except DatabaseAway:
            self.figures["commands without an answer"] += 1

    async def _resume(self) -> None:
        for row in await self._ask("SELECT id FROM jobs WHERE state = 'paused'"):
            with contextlib.suppress(DatabaseAway, InvalidTransition):
                await resume_job(UUID(str(row["id"])), tenant="default", kinds=self.kinds, database=self.database)

    async def _ask(self, sql: str) -> list[Any]:
        try:
            async with self.database.reading() as tx:
                return await tx.fetch(sql)
        except DatabaseAway:
            return []

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

"""The workers of this process, and what the other processes are told of them."""

import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from services.jobs.store import workers
from services.jobs.worker import Worker

REPORT_SECONDS = 5.0
SEEN_SECONDS = 3 * REPORT_SECONDS  # a process that was not heard of for so long is not counted
GONE_SECONDS = 60.0  # and after this long nobody remembers it


@dataclass
class Roster:
    """Who works in this process since when."""

    name: str
    started_at: datetime
    workers: list[Worker] = field(default_factory=list)

    async def report(self, database: Database) -> None:
        """Say that this process lives, and drop those that do not. Nothing where nothing is worked."""
        if not self.workers:
            return
        async with database.transaction() as tx:
            await workers.report(
                tx,
                self.name,
                host=socket.gethostname(),
                pid=os.getpid(),
                started_at=self.started_at,
                slots=sum(worker.concurrency for worker in self.workers),
                busy=sum(worker.busy for worker in self.workers),
            )
            await workers.forget(tx, unseen_seconds=GONE_SECONDS)


def roster(runtime: Runtime) -> Roster:
    """The roster of a process, through ``runtime.once(roster)``."""
    return Roster(runtime.name, datetime.now(UTC))

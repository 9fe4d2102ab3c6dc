"""The worker processes of a running stack: started while there is a backlog, gone without one, none left behind.

A worker process follows its standard input: it ends cleanly when the stack closes it, and also when the stack is
killed, because then the kernel does.
"""

import asyncio
import contextlib
import math
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from infra.local.scaling import Scale, crashed, looked, missing, superfluous
from infra.postgres.away import DatabaseAway
from infra.postgres.backlog import backlog, room
from infra.runtime.configuration.variables import defaults, environment
from infra.runtime.functions import topology
from infra.runtime.runtime import Runtime, process_name

log = structlog.get_logger()

LOOK_SECONDS = 1.0
GONE_SECONDS = 4.0  # what a worker gets to end from when it is told; the whole stack takes at most 8 s
# -P: a folder of the user's that is called like one of ours is not taken for it
_COMMAND = (sys.executable, "-P", "-m", "infra.local.worker")


@dataclass
class Child:
    """A worker process, with moments of the loop's clock: its start, and when it has to be gone, once it is told."""

    process: Process
    started_at: float
    gone_by: float = math.inf

    @property
    def name(self) -> str:
        """What it is called where it holds jobs."""
        return process_name(self.process.pid)

    @property
    def told(self) -> bool:
        """Whether it was told to go."""
        return self.gone_by < math.inf

    def tell(self, now: float) -> None:
        """Have it go, by itself and in time."""
        self.gone_by = min(self.gone_by, now + GONE_SECONDS)
        if self.process.stdin is not None:
            self.process.stdin.close()

    def kill(self) -> None:
        """End it; fine if it is gone."""
        if self.process.returncode is None:
            log.warning("worker did not stop in time", worker=self.name)
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()


@dataclass
class Workers:
    """Processes beside the one of the stack, at most ``most`` in all. Use ``ended`` after ``watching``."""

    runtime: Runtime
    most: int
    children: dict[str, Child] = field(default_factory=dict)
    scale: Scale = field(default_factory=Scale)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Have as many as the backlog asks for; at the end of the block all are told to go."""
        task = asyncio.create_task(self._watch()) if self.most > 1 else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            for child in self.children.values():
                child.tell(_now())

    async def ended(self) -> None:
        """Wait until all are gone; who is not in time is killed."""
        waits = [asyncio.create_task(child.process.wait()) for child in self.children.values()]
        if waits:
            gone_by = max(child.gone_by for child in self.children.values())
            await asyncio.wait(waits, timeout=max(0.0, gone_by - _now()))
        for child in self.children.values():
            child.kill()
        await asyncio.gather(*waits)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except DatabaseAway as away:
                log.warning("the backlog is not known", reason=away.detail)
            except Exception:
                log.exception("workers could not be looked after")

    async def _look(self) -> None:
        now = _now()
        self._bury(now)
        seen = await backlog(self.runtime.database, _queues())
        self.scale = looked(self.scale, seen, self._working(), most=self.most, at=now)
        for name in superfluous(self.scale, self._working()):
            log.info("worker goes: nothing to do", worker=name)
            self.children[name].tell(now)
        if missing(self.scale, self._working(), at=now):
            await self._start(now)

    def _working(self) -> list[str]:
        return [name for name, child in self.children.items() if not child.told]

    def _bury(self, now: float) -> None:
        for name, child in list(self.children.items()):
            if child.process.returncode is None:
                if now >= child.gone_by:
                    child.kill()
                continue
            del self.children[name]
            if not child.told:
                log.warning("worker ended by itself", worker=name, code=child.process.returncode)
                self.scale = crashed(self.scale, lived=now - child.started_at, at=now)

    async def _start(self, now: float) -> None:
        process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, env=_environment(self.runtime))
        child = Child(process, now)
        self.children[child.name] = child
        log.info("worker starts: jobs wait", worker=child.name)


async def workers(runtime: Runtime) -> Workers:
    """The workers of this stack: as many as MAX_WORKERS and the server's connections allow. Raises ``DatabaseAway``."""
    settings = runtime.settings
    wished = settings.max_workers
    possible = await room(runtime.database, pool=settings.database_pool)
    if wished is not None and possible < wished:
        log.warning(
            "fewer workers than wished: the database has no connections for more; lower HEADRACE_DATABASE_POOL",
            wished=wished,
            possible=possible,
        )
    return Workers(runtime, min(wished or os.cpu_count() or 1, possible))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _queues() -> set[str]:
    return {one["queue"] for one in topology.generated()["functions"].values() if "queue" in one}


def _environment(runtime: Runtime) -> dict[str, str]:
    ours = {one.name for one in defaults()}
    settings = runtime.settings.but(public_url=runtime.public_url)
    return {**{name: value for name, value in os.environ.items() if name not in ours}, **environment(settings)}

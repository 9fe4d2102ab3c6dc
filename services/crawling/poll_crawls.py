"""Ask providers about waiting crawls: thousands in one process, each a row until it is due."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import structlog

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.telemetry import tracing
from schemas.problem import Problem
from services.crawling.governed import Governed
from services.crawling.policy import Policy
from services.crawling.polling.settle import settle_poll
from services.crawling.polling.verdict import Verdict, judge, judge_problem
from services.crawling.store import crawls, health, polls
from services.crawling.store.polls import Due, Note
from services.crawling.store.traces import of as traces_of

log = structlog.get_logger()

GATHER_SECONDS = 0.02  # answers of this long are written back together
IDLE_SECONDS = 1.0


@dataclass
class Poller:
    """Claims due polls, asks, and writes the answers back together. ``run`` returns when ``stop`` is set."""

    database: Database
    doorbell: Doorbell
    providers: Mapping[str, Governed]
    policy: Policy
    random: Random = field(default_factory=Random)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)
    _answers: list[tuple[Due, Verdict]] = field(default_factory=list)
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stop: asyncio.Event, *, horizon: float | None = None) -> None:
        """Poll until stopped, or until nothing is due within ``horizon`` seconds; not at all while that is off."""
        if not self.policy.polling_enabled:
            return
        try:
            while not stop.is_set():
                claimed = await self._claim()
                await self._write_back()
                if self._asking:
                    await self._wait_for_answers()
                elif not claimed and await self._idle(horizon):
                    return
        finally:
            await self._finish()

    async def _claim(self) -> int:
        # what could not be asked soon stays free: its claim would run out in our hands
        most = min(self.policy.poll_concurrency, sum(one.governor.room for one in self.providers.values()))
        free = most - len(self._asking)
        if free <= 0:
            return 0
        async with self.database.transaction() as tx:
            for provider, seconds in (await health.resting_seconds(tx)).items():
                if provider in self.providers:
                    self.providers[provider].governor.rest(seconds)
            due = await polls.claim(
                tx,
                limit=free,
                resting=self._resting(),
                lease_seconds=self.policy.lease,
                unasked_seconds=max(self.policy.stall / 2, 2 * self.policy.poll_interval),
            )
            traces = await traces_of(tx, [one.crawl_id for one in due]) if tracing.on() else {}
        for one in due:
            task = asyncio.create_task(self._ask(one, traces.get(one.crawl_id)))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return len(due)

    def _resting(self) -> list[str]:
        return [name for name, provider in self.providers.items() if provider.governor.resting_seconds > 0]

    async def _ask(self, due: Due, traceparent: str | None) -> None:
        about = {"job.id": str(due.crawl_id), "provider": due.provider}
        with tracing.span("poll crawl", kind="consumer", parent=traceparent, attributes=about):
            await self._answer(due)

    async def _answer(self, due: Due) -> None:
        try:
            progress = await self.providers[due.provider].poll(due.snapshot_id)
        except Problem as problem:
            verdict = judge_problem(due, problem, policy=self.policy, random=self.random)
        except asyncio.CancelledError:
            # nobody will read this answer: the crawl is due at once for whoever polls next
            self._answers.append((due, Note(due=due, seconds=0.0)))
            raise
        except Exception:
            # one odd answer must not stop the others; the claim runs out and the crawl is asked again
            log.exception("poll went wrong", crawl_id=str(due.crawl_id), provider=due.provider)
            return
        else:
            verdict = judge(due, progress, policy=self.policy)
        self._answers.append((due, verdict))
        self._answered.set()

    async def _wait_for_answers(self) -> None:
        if not self._answers:
            done = asyncio.create_task(self._answered.wait())
            await asyncio.wait([done, *self._asking], timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            done.cancel()
        self._answered.clear()
        await asyncio.sleep(GATHER_SECONDS)

    async def _write_back(self) -> None:
        answers, self._answers = self._answers, []
        notes = [verdict for _, verdict in answers if isinstance(verdict, Note)]
        if notes:
            async with self.database.transaction() as tx:
                await polls.record(tx, notes)
                if limits := {note.due.crawl_id: note.agreed for note in notes if note.agreed is not None}:
                    await crawls.agreed(tx, limits)
        for due, verdict in answers:
            if not isinstance(verdict, Note):
                await settle_poll(due, verdict, database=self.database, policy=self.policy)

    async def _idle(self, horizon: float | None) -> bool:
        async with self.database.reading() as tx:
            seconds = await polls.next_due_seconds(tx)
        if horizon is not None and (seconds is None or seconds > horizon):
            return True
        resting = max((p.governor.resting_seconds for p in self.providers.values()), default=0.0)
        wait = IDLE_SECONDS if seconds is None else min(IDLE_SECONDS, max(seconds, min(resting, 0.2), 0.005))
        await self.doorbell.wait("poll", timeout=wait)
        return False

    async def _finish(self) -> None:
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._write_back()

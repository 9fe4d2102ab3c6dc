"""The relay: takes events out of the outbox and hands them to the bus, at least once each."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Protocol

import asyncpg
import structlog

from infra.postgres import outbox
from infra.postgres.database import Commit, Database
from infra.runtime.telemetry import tracing
from infra.runtime.telemetry.tracing import Span
from schemas.envelope import Envelope
from schemas.problem import Problem, ProblemClass

BATCH = 100  # events a publication; also all the relay ever keeps in memory

log = structlog.get_logger()


class Publisher(Protocol):
    """The part of a bus the relay needs."""

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand over events; raises when it is not known that all are safe."""


class Relay:
    """Publishes right after commits of this process; ``sweep`` finds what any process left behind.

    An event leaves the outbox only after the bus has it: a crash in between tells it twice, with the same id. What is
    not, or not yet, an event of its topic stays there: a process of another version may have stored it, and tells it.
    """

    def __init__(self, database: Database, bus: Publisher, *, batch: int = BATCH) -> None:
        self._database = database
        self._bus = bus
        self._batch = batch
        self._again = False
        self._running: asyncio.Task[None] | None = None
        database.listeners.append(self._heard)

    async def sweep(self) -> int:
        """Publish what is due; returns how many events were told.

        A topic that fails does not hold up the others. Raises what the bus or the database raised when nothing of a
        batch could be told: then the bus is away, and what is left stays in the outbox.
        """
        told = 0
        while claimed := await self._claim():
            topics: dict[str, dict[int, Envelope]] = {}
            for seq, envelope in (await self._fitting(claimed)).items():
                topics.setdefault(envelope.type, {})[seq] = envelope
            results = await asyncio.gather(*map(self._publish, topics.values()), return_exceptions=True)
            failures = [result for result in results if isinstance(result, BaseException)]
            if failures and len(failures) == len(results):
                raise failures[0]
            told += sum(result for result in results if isinstance(result, int))
        return told

    async def settle(self) -> None:
        """Wait until what commits of this process left to do was tried: a function's CPU ends with its answer."""
        while self._running is not None and not self._running.done():
            await asyncio.shield(self._running)

    async def close(self) -> None:
        """Stop listening and finish what is under way."""
        with contextlib.suppress(ValueError):
            self._database.listeners.remove(self._heard)
        await self.settle()

    def _heard(self, commit: Commit) -> None:
        if not commit.events:
            return
        # One run at a time: a commit during a run makes it look once more, a thousand commits too.
        self._again = True
        if self._running is None or self._running.done():
            # in no commit's context: it tells of all of them
            self._running = asyncio.create_task(self._run(), context=Context())

    async def _run(self) -> None:
        while self._again:
            self._again = False
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001  # nobody waits for this: the sweep tries again, and raises
                log.warning("events stay in the outbox until the next sweep", reason=repr(error))

    async def _claim(self) -> dict[int, Envelope]:
        async with self._database.pool.acquire() as connection:
            return await outbox.claim(connection, self._batch)

    async def _fitting(self, claimed: dict[int, Envelope]) -> dict[int, Envelope]:
        """Those that may be told; the others wait, and the age of the outbox tells of them."""
        from schemas.catalogue import misfit  # noqa: PLC0415  # who tells none needs no pydantic

        refused = {seq: reason for seq, envelope in claimed.items() if (reason := misfit(envelope)) is not None}
        for seq, reason in refused.items():
            log.error("an event is not told: it does not fit its topic", event_id=claimed[seq].id, reason=reason)
        if refused:
            await self._postpone(refused)
        return {seq: envelope for seq, envelope in claimed.items() if seq not in refused}

    async def _publish(self, claimed: dict[int, Envelope]) -> int:
        try:
            with tracing.together([_publishing(one) for one in claimed.values()]):
                await self._bus.publish(list(claimed.values()))
        except Exception as error:
            if len(claimed) > 1 and isinstance(error, Problem) and error.kind is ProblemClass.DATA:
                return await self._publish_apart(claimed)
            first = next(iter(claimed.values()))
            told = {"topic": first.type, "event_id": first.id, "count": len(claimed), "reason": str(error)}
            log.warning("events could not be published", **told)
            await self._postpone(claimed)
            raise
        async with self._database.pool.acquire() as connection:
            await outbox.published(connection, list(claimed))
        return len(claimed)

    async def _publish_apart(self, claimed: Mapping[int, Envelope]) -> int:
        """One event that the bus never takes must not keep its neighbours."""
        told = 0
        for seq, envelope in claimed.items():
            with contextlib.suppress(Problem):  # logged, and put off
                told += await self._publish({seq: envelope})
        return told

    async def _postpone(self, claimed: Mapping[int, object]) -> None:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # the claim lapses anyway
            async with self._database.pool.acquire() as connection:
                await outbox.postpone(connection, list(claimed))


def _publishing(envelope: Envelope) -> Span:
    return tracing.start(
        f"publish {envelope.type}",
        kind="producer",
        parent=envelope.traceparent,
        attributes={"messaging.message.id": envelope.id, "messaging.destination.name": envelope.type},
    )

"""The crawling context on real parts: PostgreSQL, lake, warehouse and the simulated provider; no HTTP face."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from msgspec import structs

from functions import cancel_snapshot, erase_crawl, load_warehouse, process_media, store_snapshot, submit_crawl
from infra.local.simulators.bright_data.calls import SIMULATOR
from infra.runtime.runtime import Runtime
from services.crawling.crawl_status import crawl_status
from services.crawling.fetch_result import fetch_result
from services.crawling.order import Order
from services.crawling.poll_crawls import Poller
from services.crawling.trigger_crawl import trigger_crawl
from services.crawling.wiring import Crawling, crawling
from services.jobs.engine.worker import Worker
from services.jobs.job import Job
from services.jobs.store import held
from services.jobs.sweep import sweep

TENANT = "default"
TERMINAL = ("data.ingestion.completed", "crawl.failed")
_FUNCTIONS = {
    "submit": submit_crawl.main.function,
    "store": store_snapshot.main.function,
    "load": load_warehouse.main.function,
    "cancel": cancel_snapshot.main.function,
    "erase": erase_crawl.main.function,
    "media": process_media.main.function,
}


class Killed(BaseException):
    """The process ended here: nothing after this point happened, nothing was tidied up."""


@dataclass
class Clock:
    """The provider's clock: the real one, and what a test puts on top."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class House:
    """Everything of one machine. Time passes when a test says so (``hurry``), not by waiting."""

    runtime: Runtime
    app: web.Application
    clock: Clock
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def context(self) -> Crawling:
        return self.runtime.once(crawling)

    @property
    def places(self) -> dict[str, Any]:
        """Where crawls are, archived ones too."""
        return {"database": self.context.database, "history": self.context.history}

    def adjust(self, **policy: Any) -> None:
        """Another patience from now on."""
        self.replace(policy=structs.replace(self.context.policy, **policy))

    def replace(self, **parts: Any) -> None:
        """Another lake, warehouse or provider from now on."""
        self.runtime.built[crawling] = structs.replace(self.context, **parts)

    async def trigger(
        self, sim: str = "", *, order: Mapping[str, Any] | None = None, worker: str | None = None
    ) -> UUID:
        """Accept an order; the submission is the queue's, unless a worker holds it from the start."""
        unique = uuid4().hex
        given = {
            "dataset_id": "gd_1",
            "platform": "facebook",
            "competitor": "c",
            "url": f"https://www.facebook.com/{unique}?sim={sim or 'ready_after:0'}",
        }
        crawl_id = uuid4()
        await trigger_crawl(
            Order.model_validate({**given, **(order or {})}),
            crawl_id=crawl_id,
            key=None,
            tenant=TENANT,
            webhook_token="hook",  # an example
            worker=worker,
            database=self.runtime.database,
            policy=self.context.policy,
        )
        return crawl_id

    async def submitted(self, sim: str = "", **more: Any) -> UUID:
        """A crawl that has its snapshot and waits."""
        crawl_id = await self.trigger(sim, **more)
        await self.work("submit")
        return crawl_id

    async def stored(self, sim: str = "", **more: Any) -> UUID:
        """A crawl that is completed as far as storing goes; not loaded yet."""
        crawl_id = await self.submitted(sim, **more)
        await self.poll()
        await self.work("store")
        return crawl_id

    def worker(self, queue: str) -> Worker:
        return _FUNCTIONS[queue].worker(self.runtime)

    async def work(self, *queues: str) -> None:
        """Work these queues until nothing is ready in them."""
        for queue in queues:
            await self.worker(queue).drain(self.stop)

    async def take(self, crawl_id: UUID) -> Job:
        """Hold one ready job, as a worker would."""
        async with self.runtime.database.transaction() as tx:
            job = await held.claim_one(tx, crawl_id, lease_seconds=60, worker="test")
        assert job is not None
        return job

    async def poll(self) -> None:
        """Ask once about every crawl that waits, due or not."""
        await self.sql("UPDATE polls SET due_at = now() - interval '1 s'")
        await self.poller().run(self.stop, horizon=0.0)

    def poller(self) -> Poller:
        context = self.context
        return Poller(
            database=context.database,
            doorbell=self.runtime.doorbell,
            providers=context.providers,
            policy=context.policy,
        )

    async def hurry(self) -> None:
        """All waiting is over: retries, snoozes and leases."""
        await self.sql("UPDATE jobs SET due_at = now() WHERE state = 'scheduled'")
        await sweep(self.runtime.database)

    async def end_leases(self) -> None:
        """Whoever held a job is dead, and that was noticed."""
        await self.sql("UPDATE jobs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        await sweep(self.runtime.database)

    async def finish(self, crawl_id: UUID, *, rounds: int = 40) -> dict[str, Any]:
        """Let everything work until the crawl has ended; its status."""
        for _ in range(rounds):
            await self.hurry()
            await self.work("submit")
            await self.poll()
            await self.work("store", "load", "cancel")
            status = await self.status(crawl_id)
            if status["pipeline_status"] in {"completed", "failed", "cancelled"}:
                return status
        msg = f"the crawl does not end: {status}"
        raise AssertionError(msg)

    async def status(self, crawl_id: UUID) -> dict[str, Any]:
        enabled = self.context.policy.polling_enabled
        return await crawl_status(crawl_id, tenant=TENANT, polling_enabled=enabled, **self.places)

    async def job(self, crawl_id: UUID) -> dict[str, Any]:
        """The job's row."""
        return dict((await self.rows("SELECT * FROM jobs WHERE id = $1", crawl_id))[0])

    async def crawl(self, crawl_id: UUID) -> dict[str, Any]:
        """The crawl's row."""
        return dict((await self.rows("SELECT * FROM crawls WHERE id = $1", crawl_id))[0])

    async def events(self, crawl_id: UUID, *types: str) -> list[dict[str, Any]]:
        """What was told of a crawl, in order: type, id and data."""
        found = await self.rows("SELECT id, type, data FROM events WHERE subject = $1 ORDER BY seq", str(crawl_id))
        return [dict(row) for row in found if not types or row["type"] in types]

    async def ends(self, crawl_id: UUID) -> list[tuple[str, int]]:
        """Terminal events of a crawl: what and of which attempt."""
        return [(event["type"], event["data"]["attempt"]) for event in await self.events(crawl_id, *TERMINAL)]

    async def failure(self, crawl_id: UUID) -> dict[str, Any]:
        """The data of the only terminal event, which tells of a failure."""
        (event,) = await self.events(crawl_id, *TERMINAL)
        assert event["type"] == "crawl.failed"
        data: dict[str, Any] = event["data"]
        return data

    async def result(self, crawl_id: UUID) -> bytes:
        """What was stored, as callers get it."""
        blocks = await fetch_result(crawl_id, tenant=TENANT, lake=self.context.lake, **self.places)
        return b"".join([block async for block in blocks])

    async def lake_names(self, crawl_id: UUID, attempt: int = 1) -> list[str]:
        """Names of an attempt's objects, without their common beginning."""
        prefix = f"crawls/{TENANT}/{crawl_id}/{attempt}/"
        return [name.removeprefix(prefix) async for name in self.context.lake.list(prefix)]

    async def visible(self, crawl_id: UUID) -> list[tuple[int, int]]:
        """What the warehouse shows of a crawl: attempt and number of rows."""
        sql = f"SELECT attempt, count(*) AS n FROM records WHERE crawl_id = '{crawl_id}' GROUP BY attempt"
        return [(row["attempt"], row["n"]) for row in await self.context.warehouse.query(sql)]

    @cached_property
    def simulator(self) -> Any:
        return self.app[SIMULATOR]

    async def bought(self) -> list[dict[str, Any]]:
        """The provider's ledger of purchases."""
        entries: list[dict[str, Any]] = (await self.simulator.account(digests=True))["snapshots"]
        return entries

    def calls(self, name: str) -> int:
        """How often the provider was called so."""
        count: int = self.simulator.ledger.calls[name]
        return count

    def amend(self, snapshot_id: str, sim: str) -> None:
        """The provider changes its mind about a snapshot."""
        self.simulator.ledger.script(sim, snapshot_id=snapshot_id, dataset_id=None, times=None)

    def script(self, sim: str, *, times: int | None = 1) -> None:
        """How the provider treats purchases to come."""
        self.simulator.ledger.script(sim, snapshot_id=None, dataset_id=None, times=times)

    def unscript(self) -> None:
        self.simulator.ledger.unscript()

    async def sql(self, statement: str, *values: object) -> None:
        async with self.runtime.database.transaction() as tx:
            await tx.execute(statement, *values)

    async def rows(self, statement: str, *values: object) -> list[Any]:
        async with self.runtime.database.reading() as tx:
            return await tx.fetch(statement, *values)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

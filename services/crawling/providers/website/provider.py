"""Our own browser as a ``Provider``: an order is a job, its result lies in the lake."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from infra.runtime.egress.destination import destination
from infra.runtime.egress.refused import EgressRefused
from services.crawling.ports import Lake, Progress, Submission
from services.crawling.provider_problems import NotReady, SnapshotMissing, rejected
from services.crawling.providers.website.first_pages import first_pages
from services.crawling.providers.website.packing import part_name
from services.crawling.result.gunzip import Gunzip
from services.crawling.store.websites import pages, sites
from services.crawling.store.websites.sites import Site
from services.jobs.job import NewJob
from services.jobs.store import commands, queue

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

QUEUE, KIND = "site", "site"
WAIT_SECONDS = 5.0
_PREFIX = "site_"
_FAILED = {
    "failed": "the crawl of the site failed",
    "cancelled": "the crawl of the site was cancelled",
}


class Website:
    """See ``Provider``. ``allow`` are hosts that may be private.

    Nothing is bought: an order that is sent again finds the site that is being collected.
    """

    name = "website"

    def __init__(self, database: Database, lake: Lake, *, allow: frozenset[str] = frozenset()) -> None:
        self._database = database
        self._lake = lake
        self._allow = allow

    @property
    def options(self) -> frozenset[str]:
        """See ``Provider.options``."""
        from services.crawling.providers.website.wishes import OPTIONS  # noqa: PLC0415  # who orders nothing needs no pydantic

        return OPTIONS

    def check(self, order: Submission) -> None:
        """See ``Provider.check``."""
        firsts = first_pages(order)
        _wished(order, pages=len(firsts))
        for number, page in enumerate(firsts):
            try:
                destination(page.url, self._allow)
            except EgressRefused as refused:
                raise rejected((f"inputs.{number}.url", refused.detail)) from refused

    def asked(self, order: Submission) -> None:
        """See ``Provider.asked``: limits bind here exactly."""

    def most(self, order: Submission) -> int:
        """See ``Provider.most``: the pages that it asks for."""
        return _wished(order, pages=len(order.inputs)).max_pages

    async def submit(self, order: Submission) -> str:
        """Store the order and queue its job; sent again it stays one order.

        Raises ``ProviderRejected`` for options or inputs that mean nothing.
        """
        firsts = first_pages(order)
        wished, site_id = _wished(order, pages=len(firsts)), _made_of(order)
        hosts = list({page.host: None for page in firsts})
        async with self._database.transaction() as tx:
            tenant = await sites.insert(
                tx, site_id, correlation=order.correlation, wishes=wished.model_dump(), hosts=hosts
            )
            if tenant is not None:
                await pages.add(tx, site_id, firsts, depth=0, most=max(wished.most_known, len(firsts)))
                await queue.enqueue(tx, _job(site_id, order, tenant))
        return f"{_PREFIX}{site_id.hex}"

    async def find(self, order: Submission, *, since: datetime, taken: Sequence[str]) -> str | None:
        """See ``Provider.find``; it knows for certain, whenever the order was sent."""
        del since
        snapshot_id = f"{_PREFIX}{_made_of(order).hex}"
        async with self._database.reading() as tx:
            found = await sites.get(tx, _made_of(order))
        return snapshot_id if found is not None and snapshot_id not in taken else None

    async def poll(self, snapshot_id: str) -> Progress:
        """How many pages there are. Raises ``SnapshotMissing``."""
        async with self._database.reading() as tx:
            found = await sites.with_job(tx, _site_id(snapshot_id))
        if found is None:
            raise SnapshotMissing(f"{snapshot_id} is not known, or not kept any more")
        site, job, failure = found
        return _ended(site) if site.state == "ready" else _under_way(site, job, failure)

    async def parts(self, snapshot_id: str) -> int:
        """See ``Provider.parts``. Raises ``SnapshotMissing`` and ``NotReady``."""
        return max(1, (await self._ready(snapshot_id)).parts)

    async def download(self, snapshot_id: str, part: int) -> AsyncIterator[bytes]:
        """See ``Provider.download``. Raises also what the lake raises."""
        site = await self._ready(snapshot_id)
        if part > site.parts:
            return
        gunzip = Gunzip()
        async for packed in self._lake.read(part_name(site, part)):
            for block in await asyncio.to_thread(lambda some: list(gunzip.feed(some)), packed):
                yield block
        for block in gunzip.finish():
            yield block

    async def cancel(self, snapshot_id: str) -> None:
        """Stop; whoever collects the site writes nothing any more."""
        site_id = _site_id(snapshot_id)
        async with self._database.transaction() as tx:
            tenant = await sites.cancel(tx, site_id)
            if tenant is not None:
                await _end_job(tx, site_id, tenant)

    async def _ready(self, snapshot_id: str) -> Site:
        async with self._database.reading() as tx:
            site = await sites.get(tx, _site_id(snapshot_id))
        if site is None:
            raise SnapshotMissing(f"{snapshot_id} is not known, or not kept any more")
        if site.state != "ready":
            raise NotReady(f"{snapshot_id} is being collected", retry_after=WAIT_SECONDS)
        return site


def _wished(order: Submission, *, pages: int) -> "Wishes":
    from services.crawling.providers.website.wishes import wishes  # noqa: PLC0415  # who orders nothing needs no pydantic

    return wishes(dict(order.options), pages=pages)


def _made_of(order: Submission) -> UUID:
    return uuid5(order.correlation, f"site/{order.purchase}")


def _job(site_id: UUID, order: Submission, tenant: str) -> NewJob:
    return NewJob(
        id=site_id,
        kind=KIND,
        queue=QUEUE,
        tenant=tenant,
        metadata={"crawl_id": str(order.correlation)},
    )


async def _end_job(tx: Transaction, site_id: UUID, tenant: str) -> None:
    over = {"completed", "failed", "cancelled"}
    await commands.cancel(
        tx, [job for job in await commands.lock(tx, [site_id], tenant=tenant) if job.state not in over]
    )


def _ended(site: Site) -> Progress:
    if not site.pages:
        return Progress(
            state="failed",
            status="failed",
            records=0,
            errors=site.errors,
            message=f"no page came: {', '.join(site.reasons)}" if site.reasons else "no page came",
            marker="ended",
        )
    return Progress(
        state="ready",
        status="ready",
        records=site.pages,
        errors=site.errors,
        warnings=(f"{site.stopped_by} was reached before all known pages were asked for",) if site.stopped_by else (),
        marker="ended",
    )


def _under_way(site: Site, job: str | None, failure: str | None) -> Progress:
    if site.state == "cancelled" or job in _FAILED or job is None:
        word = "failed" if job == "failed" else "cancelled"
        return Progress(state="failed", status=word, message=failure or _FAILED[word], marker="ended")
    return Progress(
        state="pending",
        status="paused" if job == "paused" else "collecting",
        records=site.pages,
        errors=site.errors,
        marker=f"{job}/{site.pages}/{site.errors}/{site.known}",
    )


def _site_id(snapshot_id: str) -> UUID:
    try:
        if snapshot_id.startswith(_PREFIX):
            return UUID(hex=snapshot_id.removeprefix(_PREFIX))
    except ValueError:
        pass
    raise SnapshotMissing(f"{snapshot_id[:100]!r} is not a snapshot id")

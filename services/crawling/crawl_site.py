"""Collect the pages of a web site: one claim of a site's job."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.postgres.database import Database, Transaction
from infra.runtime.browser.pool import browsers
from infra.runtime.configuration.settings import Settings
from infra.runtime.egress.allow import allowed
from infra.runtime.egress.fetch import guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.proxy import Limits, filtering_proxy
from services.crawling.ports import Lake
from services.crawling.providers.website.asking import Asking
from services.crawling.providers.website.collecting import Collecting, Manners
from services.crawling.providers.website.plain import Plain
from services.crawling.providers.website.rendered import Rendered
from services.crawling.providers.website.seeding import seed
from services.crawling.store import polls
from services.crawling.store.websites import pages, sites
from services.crawling.store.websites.sites import Site
from services.jobs.job import Cancelled, Done, Job, Outcome, Resume
from services.jobs.progress import Reporter

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

CLAIM_SECONDS = 480.0  # push deliveries end at ten minutes: a large site goes on in a fresh claim
_MOST_PROGRESS = 99.0


@dataclass(frozen=True, kw_only=True)
class Outside:
    """How pages are reached."""

    settings: Settings
    guard: Guard

    @asynccontextmanager
    async def asking(self, wished: "Wishes", database: Database) -> AsyncIterator[Asking]:
        """What asks for the pages of one order. Raises ``ChromiumMissing`` where it wants scripts to run."""
        async with AsyncExitStack() as stack:
            plain = Plain(await stack.enter_async_context(guarded_session(self.guard)))
            fetch: Plain | Rendered = plain
            if wished.javascript:
                limits = Limits(bytes=wished.max_megabytes * 1_000_000, connections=100 * wished.max_pages)
                proxy = await stack.enter_async_context(filtering_proxy(self.guard.allow, limits=limits))
                fetch = Rendered(await stack.enter_async_context(browsers(self.settings, proxy.url)))
            yield Asking(fetch, plain=plain, heeds_robots=wished.respect_robots, database=database)


def outside(settings: Settings) -> Outside:
    """How the settings let pages be reached: on any port that the operator allowed, on the web's own otherwise."""
    return Outside(settings=settings, guard=Guard(allow=allowed(settings.egress_allow)))


async def crawl_site(
    job: Job,
    *,
    database: Database,
    lake: Lake,
    outside: Outside,
    manners: Manners,
    reporter: Reporter,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    seconds: float = CLAIM_SECONDS,
) -> Outcome:
    """Collect until all is told, a budget is spent or the claim's time is over; what is told is never asked for again.

    Raises ``LeaseLost``, ``ChromiumMissing`` and what the lake raises.
    """
    async with database.transaction() as tx:
        await sites.start(tx, job.id)
        await pages.free(tx, job.id)
        site = await sites.get(tx, job.id)
    if site is None or site.state == "cancelled":
        return Cancelled()
    if site.state == "ready":
        return Done(result=_result(site, site.stopped_by))
    from services.crawling.providers.website.wishes import Wishes  # noqa: PLC0415  # an empty queue needs no pydantic

    wished = Wishes.model_validate(site.wishes)

    async def report(so_far: Site) -> None:
        share = min(_MOST_PROGRESS, 100.0 * so_far.told / wished.max_pages)
        await reporter.report(job, share, step="collecting", message=f"{so_far.told} pages, {so_far.known} known")

    async with outside.asking(wished, database) as asking:
        if not site.seeded:
            await seed(site, wished, asking=asking, database=database)
        collecting = Collecting(
            site=site,
            wished=wished,
            asking=asking,
            manners=manners,
            database=database,
            lake=lake,
            now=now,
            report=report,
        )
        if not await collecting.run(seconds=seconds):
            return Resume()
    return _done(collecting)


def _done(collecting: Collecting) -> Outcome:
    async def also(tx: Transaction) -> None:
        await sites.end(tx, collecting.site.id, stopped_by=collecting.stopped_by)
        await polls.due_now(tx, collecting.site.correlation)
        tx.ring("poll")

    return Done(result=_result(collecting.site, collecting.stopped_by), also=also)


def _result(site: Site, stopped_by: str | None) -> dict[str, Any]:
    return {"pages": site.pages, "errors": site.errors, "bytes": site.bytes, "stopped_by": stopped_by}

"""Firecrawl as a ``Provider``."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from services.crawling.ports import Progress, Submission
from services.crawling.provider_client import CONFLICT, Answer, Client, Unanswered
from services.crawling.provider_problems import SnapshotMissing, SubmitUnknown
from services.crawling.providers.firecrawl import orders
from services.crawling.providers.firecrawl.agreed import Agreements
from services.crawling.providers.firecrawl.answers import failures_of, progress_of, refusal, text_of
from services.crawling.providers.firecrawl.documents import Documents

if TYPE_CHECKING:
    import aiohttp

REAL_ORIGIN = "https://api.firecrawl.dev"
BATCH = "batch:"
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Firecrawl:
    """See ``Provider``. ``documents`` a part must stay the same for all calls about a snapshot."""

    name = "firecrawl"
    options = orders.OPTIONS

    def __init__(self, client: Client, *, documents: int = 1000, seconds: float = 300.0) -> None:
        self._client = client
        self._agreements = Agreements(client)
        self._documents = Documents(client, a_part=documents, seconds=seconds)

    def check(self, order: Submission) -> None:
        """See ``Provider.check``."""
        orders.body_of(order)

    def asked(self, order: Submission) -> int | None:
        """See ``Provider.asked``."""
        return orders.asked(order)

    def most(self, order: Submission) -> int:
        """See ``Provider.most``: it stops at its own limit where the order names none."""
        return orders.asked(order)

    async def submit(self, order: Submission) -> str:
        """Send an order once.

        Raises ``SubmitUnknown`` once the request can have arrived and no clear answer came, also where the provider
        says that it had this purchase before; else what every call may raise, ``ProviderOutOfCredits``.
        """
        body, crawl = orders.body_of(order), orders.is_crawl(order)
        secrets = (order.notify_authorization or "").split()[-1:]
        try:
            answer = await self._client.ask(
                "POST",
                "/v2/crawl" if crawl else "/v2/batch/scrape",
                body=msgspec.json.encode(body),
                headers={"x-idempotency-key": str(order.purchase)},
                secrets=secrets,
            )
        except Unanswered as lost:
            raise SubmitUnknown(lost.detail) from None
        if (job_id := _bought(answer)) is not None:
            return job_id if crawl else f"{BATCH}{job_id}"
        if answer.refused and answer.status != CONFLICT:
            raise refusal(answer)
        raise SubmitUnknown(f"HTTP {answer.status} without a job id: {text_of(answer)}")

    async def find(self, order: Submission, *, since: datetime, taken: Sequence[str]) -> str | None:  # noqa: ARG002  # the mark is of one purchase
        """The active crawl that has the order's mark; batches are not listed."""
        if not orders.is_crawl(order):
            return None
        mine = (crawl.id for crawl in await self._agreements.active() if orders.mark(order) in crawl.excluded)
        return next((job_id for job_id in mine if job_id not in taken and _ID.fullmatch(job_id)), None)

    async def poll(self, snapshot_id: str) -> Progress:
        """Ask how it is doing. Raises ``SnapshotMissing``, ``ResultExpired`` and what every call may raise."""
        answer = await self._client.ask("GET", _about(snapshot_id), {"skip": "0", "limit": "1"})
        if not answer.ok:
            raise refusal(answer, about=snapshot_id)
        progress = progress_of(answer, about=snapshot_id)
        if progress.state == "ready":
            failed = await self._client.ask("GET", _about(snapshot_id, "/errors"))
            if not failed.ok:
                raise refusal(failed, about=snapshot_id)
            progress = replace(progress, errors=len(failures_of(failed, about=snapshot_id)))
        if snapshot_id.startswith(BATCH):
            return _whole_batch(progress)
        return replace(progress, agreed=await self._agreements.of(snapshot_id, progress))

    async def parts(self, snapshot_id: str) -> int:
        """See ``Provider.parts``."""
        return await self._documents.parts(_about(snapshot_id))

    async def download(self, snapshot_id: str, part: int) -> AsyncIterator[bytes]:
        """See ``Provider.download``; the pages that failed follow the last document. Raises as ``Documents`` does."""
        async for block in self._documents.part(_about(snapshot_id), part):
            yield block

    async def cancel(self, snapshot_id: str) -> None:
        """Stop a job. Raises ``SnapshotMissing`` for one the provider never had."""
        answer = await self._client.ask("DELETE", _about(snapshot_id))
        if not answer.ok and answer.status != CONFLICT:
            raise refusal(answer, about=snapshot_id)


def build(settings: Settings, session: "aiohttp.ClientSession", *, url: str | None = None) -> Firecrawl:
    """The provider as configured; the session stays the caller's, ``url`` is an origin that wins over settings."""
    return Firecrawl(
        Client(
            session,
            origin=url or settings.firecrawl_api_url or REAL_ORIGIN,
            token=settings.firecrawl_api_key or Secret("none"),
        ),
        documents=settings.firecrawl_documents_per_part,
        seconds=settings.download_timeout,
    )


def _bought(answer: Answer) -> str | None:
    body = answer.json
    job_id = body.get("id") if answer.ok and isinstance(body, dict) else None
    return job_id if isinstance(job_id, str) and _ID.fullmatch(job_id) else None


def _whole_batch(progress: Progress) -> Progress:
    """Each page of a batch is a document or a failure: what is neither was dropped."""
    if progress.state != "ready" or progress.records is None:
        return progress
    return replace(progress, agreed=progress.records + (progress.errors or 0))


def _about(snapshot_id: str, after: str = "") -> str:
    job_id = snapshot_id.removeprefix(BATCH)
    if not _ID.fullmatch(job_id):
        raise SnapshotMissing(f"{snapshot_id[:100]!r} is not a job of Firecrawl")
    return f"/v2/{'crawl' if job_id == snapshot_id else 'batch/scrape'}/{job_id}{after}"

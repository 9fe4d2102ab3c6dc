"""Forget what was derived of crawls whose data was erased."""

from datetime import UTC, datetime

from infra.runtime.events.bus import Handler
from infra.runtime.events.subscriber import decode
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import subscribes
from infra.runtime.runtime import Runtime
from schemas.envelope import Envelope
from schemas.events.crawl_data_erased import CrawlDataErased
from services.documents.forget_crawl import forget_crawl


@deployed
@subscribes(CrawlDataErased.topic)
def main(runtime: Runtime) -> Handler:
    """Erased crawls in, nothing left."""

    async def handle(event: Envelope, _: int) -> None:
        told, now = decode(event, CrawlDataErased), datetime.now(UTC)
        await forget_crawl(told, tenant=event.tenant, now=now, database=runtime.database)

    return handle

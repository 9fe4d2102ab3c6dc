"""Forget what was derived of results whose time is over."""

from infra.runtime.events.bus import Handler
from infra.runtime.events.subscriber import decode
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import subscribes
from infra.runtime.runtime import Runtime
from schemas.envelope import Envelope
from schemas.events.crawl_result_expired import CrawlResultExpired
from services.documents.forget_result import forget_result


@deployed
@subscribes(CrawlResultExpired.topic)
def main(runtime: Runtime) -> Handler:
    """Expired results in, nothing left."""

    async def handle(event: Envelope, _: int) -> None:
        await forget_result(decode(event, CrawlResultExpired), tenant=event.tenant, database=runtime.database)

    return handle

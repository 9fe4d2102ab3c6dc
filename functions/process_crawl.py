"""Queue the documents of completed crawls, for orders that ask for them."""

from infra.runtime.events.bus import Handler
from infra.runtime.events.subscriber import decode
from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import subscribes
from infra.runtime.runtime import Runtime
from schemas.envelope import Envelope
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from services.documents.process_crawl import process_crawl


@deployed
@subscribes(DataIngestionCompleted.topic)
def main(runtime: Runtime) -> Handler:
    """Completed crawls in, document jobs out."""

    async def handle(event: Envelope, _: int) -> None:
        await process_crawl(decode(event, DataIngestionCompleted), tenant=event.tenant, database=runtime.database)

    return handle

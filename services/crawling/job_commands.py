"""What crawls do themselves when their jobs are commanded: the same as the commands of their own face."""

from uuid import UUID

from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.pause_crawl import pause_crawl
from services.crawling.resume_crawl import resumed
from services.crawling.retry_crawl import retry_crawl
from services.crawling.wiring import Crawling
from services.jobs.job import Commands


def job_commands(context: Crawling) -> Commands:
    """The commands of kind ``crawl``. A retry buys nothing that was bought: that takes its own face."""

    async def cancel(crawl_id: UUID, tenant: str) -> None:
        await cancel_crawl(crawl_id, tenant=tenant, database=context.database)

    async def pause(crawl_id: UUID, tenant: str) -> None:
        await pause_crawl(crawl_id, tenant=tenant, database=context.database)

    async def retry(crawl_id: UUID, tenant: str) -> None:
        await retry_crawl(crawl_id, tenant=tenant, repurchase=False, database=context.database, policy=context.policy)

    return Commands(cancel=cancel, pause=pause, retry=retry, resumed=resumed)

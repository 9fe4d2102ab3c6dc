"""What callers ask of a crawl."""

from uuid import UUID

from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.download_crawl import download_crawl
from services.crawling.pause_crawl import pause_crawl
from services.crawling.resume_crawl import resume_crawl
from services.crawling.retry_crawl import retry_crawl
from tests.flow.crawling.rig import TENANT, House


async def cancel(house: House, crawl_id: UUID, *, tenant: str = TENANT) -> None:
    await cancel_crawl(crawl_id, tenant=tenant, database=house.context.database)


async def download(house: House, crawl_id: UUID) -> int:
    context = house.context
    return await download_crawl(
        crawl_id, tenant=TENANT, database=context.database, providers=context.providers, policy=context.policy
    )


async def retry(house: House, crawl_id: UUID, *, repurchase: bool = False) -> int:
    context = house.context
    return await retry_crawl(
        crawl_id, tenant=TENANT, repurchase=repurchase, database=context.database, policy=context.policy
    )


async def pause(house: House, crawl_id: UUID, *, tenant: str = TENANT) -> None:
    await pause_crawl(crawl_id, tenant=tenant, database=house.context.database)


async def resume(house: House, crawl_id: UUID, *, tenant: str = TENANT) -> None:
    await resume_crawl(crawl_id, tenant=tenant, database=house.context.database)

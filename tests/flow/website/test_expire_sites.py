"""Pages that our own browser kept go with the last result that was made of them."""

from uuid import UUID

import pytest

from services.crawling.download_crawl import download_crawl
from services.crawling.erasing.expire_results import expire_results
from services.crawling.provider_problems import SnapshotMissing
from tests.flow.website.web_house import TENANT, WebHouse
from tests.flow.website.web_site import Web


async def later(house: WebHouse) -> int:
    """A day longer than all results are kept."""
    await house.sql("UPDATE jobs SET state = 'completed' WHERE kind = 'load'")
    await house.sql("UPDATE stored_results SET stored_at = stored_at - interval '3 days'")
    return await expire_results(database=house.context.database, lake=house.context.lake, days=2)


async def kept(house: WebHouse, crawl_id: UUID) -> list[str]:
    return [name async for name in house.context.lake.list(f"crawls/{TENANT}/{crawl_id}/")]


async def download(house: WebHouse, crawl_id: UUID) -> int:
    context = house.context
    return await download_crawl(
        crawl_id, tenant=TENANT, database=context.database, providers=context.providers, policy=context.policy
    )


async def test_nothing_of_a_site_outlives_the_result_that_was_made_of_it(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)
    crawl_id, other = [await house.collected(f"{site.url}/") for _ in range(2)]
    await house.sql("UPDATE stored_results SET expires_at = now() + interval '9 days' WHERE crawl_id = $1", other)

    assert await later(house) == 1

    assert await kept(house, crawl_id) == []
    assert [str(row["correlation"]) for row in await house.rows("SELECT correlation FROM sites")] == [str(other)]
    assert len(await house.records(other)) == 3


async def test_what_is_gone_is_not_downloaded_again(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)
    crawl_id = await house.collected(f"{site.url}/")
    await later(house)

    with pytest.raises(SnapshotMissing):
        await download(house, crawl_id)


async def test_a_site_that_is_being_read_again_stays_until_it_was(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)
    crawl_id = await house.collected(f"{site.url}/")
    await download(house, crawl_id)

    assert await later(house) == 1
    await house.finish(crawl_id)

    assert len(await house.records(crawl_id)) == 3
    assert await later(house) == 1
    assert await kept(house, crawl_id) == []

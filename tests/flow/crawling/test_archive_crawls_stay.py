"""A crawl stays in PostgreSQL while anybody may need it there."""

from uuid import UUID, uuid4

import pytest

from schemas.load_source import WarehouseUnavailable
from services.crawling.order import Order
from services.crawling.trigger_crawl import Accepted, trigger_crawl
from services.jobs.submitting.idempotency import IdempotencyKey
from tests.flow.crawling.archives import aged, archived, job_is_here
from tests.flow.crawling.loads import recorded
from tests.flow.crawling.rig import TENANT, House

ORDER = Order(
    dataset_id="gd_1", platform="facebook", competitor="c", url="https://www.facebook.com/x?sim=ready_after:0"
)


async def completed(house: House) -> UUID:
    crawl_id = await house.stored()
    await house.work("load")
    return crawl_id


@pytest.mark.parametrize(("days_ago", "leave"), [(29, 0), (31, 1)])
async def test_a_crawl_stays_while_its_provider_may_have_the_result(house: House, days_ago: int, leave: int) -> None:
    crawl_id = await completed(house)
    await aged(house, crawl_id, days_ago)

    assert await archived(house, days=1) == leave
    assert await job_is_here(house, crawl_id) is not bool(leave)


async def test_a_crawl_stays_as_long_as_jobs_do(house: House) -> None:
    await aged(house, await completed(house), 31)

    assert await archived(house, days=60) == 0


async def test_a_crawl_that_has_not_ended_stays(house: House) -> None:
    crawl_id = await house.submitted("ready_after:3600")
    await house.sql("UPDATE jobs SET created_at = created_at - interval '400 days' WHERE id = $1", crawl_id)

    assert await archived(house) == 0


async def test_a_snapshot_that_is_watched_keeps_its_crawl(house: House) -> None:
    house.adjust(max_polls=1)
    crawl_id = await house.submitted("ready_after:3600")
    await house.poll()
    await aged(house, crawl_id, 121)

    assert await archived(house) == 0
    await house.sql("DELETE FROM polls")
    assert await archived(house) == 1


async def test_rows_that_are_not_loaded_keep_their_crawl(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    await aged(house, crawl_id)

    assert await archived(house) == 0
    await house.work("load")
    assert await archived(house) == 1
    assert await house.visible(crawl_id) == [(1, 3)]


async def test_a_load_that_somebody_may_retry_keeps_its_crawl(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    recorded(house, WarehouseUnavailable("no answer"))
    await house.sql("UPDATE jobs SET max_tries = 1 WHERE kind = 'load'")
    await house.work("load")
    await aged(house, crawl_id)

    assert (await house.crawl(crawl_id))["warehouse_state"] == "failed"
    assert await archived(house) == 0
    await house.sql("UPDATE jobs SET discarded_at = now(), discard_reason = 'known' WHERE kind = 'load'")
    assert await archived(house) == 1


async def test_a_key_whose_time_is_over_brings_no_archived_crawl_back(house: House) -> None:
    async def ordered() -> Accepted:
        return await trigger_crawl(
            ORDER,
            crawl_id=uuid4(),
            key=IdempotencyKey(key="k", fingerprint="f"),
            tenant=TENANT,
            webhook_token="hook",
            worker=None,
            database=house.runtime.database,
            policy=house.context.policy,
        )

    first = (await ordered()).crawl_id
    await house.sql("UPDATE idempotency_keys SET in_flight_until = now()")
    same = (await ordered()).crawl_id
    await house.finish(first)
    await aged(house, first)
    await house.sql("UPDATE idempotency_keys SET expires_at = expires_at - interval '31 days'")

    assert await archived(house) == 1
    again = (await ordered()).crawl_id
    assert same == first != again
    assert [(await house.status(one))["archived"] for one in (first, again)] == [True, False]

"""What is reserved of a budget is the most that Firecrawl can bring."""

from typing import Any

import pytest

from services.crawling.spending.budget import BudgetExceeded
from tests.flow.crawling.commands import retry
from tests.flow.crawling.firecrawl.fire import Fire
from tests.flow.crawling.spending import allow, used

PAGES = [f"https://shop.example/{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("order", "records"),
    [
        ({}, 10_000),
        ({"options": {"limit": 30}}, 30),
        ({"urls": PAGES}, 20),
    ],
    ids=["a whole site", "a part of it", "named pages"],
)
async def test_an_order_reserves_what_it_may_bring(fire: Fire, order: dict[str, Any], records: int) -> None:
    await allow(fire, records_per_day=records)

    await fire.trigger(order=order)

    assert (await used(fire))["records_per_day"] == records


async def test_a_site_that_may_bring_more_than_the_budget_is_not_ordered(fire: Fire) -> None:
    await allow(fire, records_per_day=9_999)

    with pytest.raises(BudgetExceeded, match="0 are used and 10000 more were asked for"):
        await fire.trigger()


async def test_an_order_that_is_bought_again_reserves_as_much_again(fire: Fire) -> None:
    await allow(fire, records_per_day=50)
    crawl_id = await fire.trigger(order={"options": {"limit": 30}})
    await fire.sql("UPDATE jobs SET state = 'failed', finished_at = now() WHERE id = $1", crawl_id)

    with pytest.raises(BudgetExceeded, match="30 are used and 30 more"):
        await retry(fire, crawl_id, repurchase=True)

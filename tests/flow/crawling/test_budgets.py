"""Nothing is bought beyond a budget, and what is reserved for it becomes what came."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.postgres.database import Transaction
from services.crawling.clean_up import SETTLED
from services.crawling.spending.budget import BudgetExceeded
from services.crawling.spending.settle import settle_left_open
from services.crawling.store import budgets
from tests.flow.crawling.commands import cancel, download, retry
from tests.flow.crawling.orders import again, expire, submit_and_die
from tests.flow.crawling.rig import House
from tests.flow.crawling.spending import ONE_RECORD, allow, purchases, used

CHEAP: dict[str, Any] = {"options": ONE_RECORD}


def of(source_id: str, **more: Any) -> dict[str, Any]:
    return {"source_id": source_id, "options": ONE_RECORD, **more}


async def race(house: House, orders: int) -> list[BudgetExceeded]:
    """So many orders at once; the refusals."""
    answers = await asyncio.gather(*(house.trigger(order=CHEAP) for _ in range(orders)), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, BudgetExceeded)]
    assert len(refused) + sum(isinstance(one, UUID) for one in answers) == orders
    return refused


async def test_fifty_orders_that_race_for_a_budget_of_ten_buy_ten(house: House) -> None:
    await allow(house, crawls_per_day=10)

    assert len(await race(house, 50)) == 40
    await house.work("submit")

    assert len(await house.bought()) == 10
    assert (await used(house))["crawls_per_day"] == 10


async def test_control_orders_that_do_not_wait_for_each_other_buy_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await allow(house, crawls_per_day=10)

    async def unlocked(tx: Transaction, tenant: str) -> list[dict[str, Any]]:
        return [row async for row in _slowly(await budgets.page(tx, tenant, source_id=None, after=None, limit=9))]

    monkeypatch.setattr(budgets, "lock", unlocked)

    assert len(await race(house, 50)) < 40


async def _slowly(rows: list[dict[str, Any]]) -> Any:
    await asyncio.sleep(0.05)
    for row in rows:
        yield row


async def test_the_refusal_names_the_budget_and_when_it_renews(house: House) -> None:
    await allow(house, "s1", records_per_month=1)
    await house.trigger(order=of("s1"))

    with pytest.raises(BudgetExceeded, match="records_per_month of data source s1 is 1; 1 are used and 1 more") as told:
        await house.trigger(order=of("s1"))

    extra = told.value.extra
    assert extra["budget"] == {"source_id": "s1", "name": "records_per_month"}
    assert (extra["limit"], extra["used"], extra["asked"]) == (1, 1, 1)
    assert str(extra["renews_at"]).endswith("-01T00:00:00Z")
    assert len(await house.rows("SELECT FROM crawls")) == 1


async def test_a_sources_budget_binds_no_other_source_and_the_tenants_binds_all(house: House) -> None:
    await allow(house, "s1", crawls_per_day=0)
    await house.trigger(order=of("s2"))
    await allow(house, crawls_per_day=1)

    for source in ("s1", "s2"):
        with pytest.raises(BudgetExceeded):
            await house.trigger(order=of(source))


async def test_what_came_takes_the_place_of_what_was_reserved(house: House) -> None:
    house.adjust(prices={"bright_data": Decimal(2)})
    await allow(house, records_per_day=1000, money_per_month=10)
    crawl_id = await house.trigger("ready_after:0,records:7")
    assert await purchases(house) == [(1, "reserved", 100, Decimal("0.2"))]
    assert (await used(house))["money_per_month"] == 0.2

    await house.finish(crawl_id)

    assert await purchases(house) == [(1, "settled", 7, Decimal("0.014"))]
    counts = await used(house)
    assert (counts["records_per_day"], counts["money_per_month"], counts["crawls_per_day"]) == (7, 0.014, 1)


async def test_an_order_that_was_never_sent_is_given_back(house: House) -> None:
    await allow(house, crawls_per_day=1)
    crawl_id = await house.trigger(order=CHEAP)

    await cancel(house, crawl_id)

    assert [state for _, state, *_ in await purchases(house)] == ["given_back"]
    assert set((await used(house)).values()) == {0}
    await house.trigger(order=CHEAP)


async def test_an_order_the_provider_refuses_is_given_back(house: House) -> None:
    await allow(house, crawls_per_day=1)
    house.script("trigger_status:400")
    crawl_id = await house.trigger(order=CHEAP)

    assert (await house.finish(crawl_id))["pipeline_status"] == "failed"

    assert [state for _, state, *_ in await purchases(house)] == ["given_back"]


@pytest.mark.parametrize("sends", [False, True])
async def test_a_process_that_dies_over_its_order_reserves_once(house: House, *, sends: bool) -> None:
    await allow(house, crawls_per_day=1)
    crawl_id = await house.trigger("ready_after:0,records:1", order=CHEAP)
    await submit_and_die(house, crawl_id, sends=sends)
    house.adjust(settle=0.0)

    await again(house)
    await house.finish(crawl_id)

    assert len(await house.bought()) == 1
    assert [state for _, state, *_ in await purchases(house)] == ["settled"]
    assert (await used(house))["crawls_per_day"] == 1


async def test_an_order_of_unknown_fate_stays_reserved_and_its_retry_reserves_nothing(house: House) -> None:
    await allow(house, crawls_per_day=1)
    crawl_id = await house.trigger("ready_after:0,records:1", order=CHEAP)
    await submit_and_die(house, crawl_id, sends=False)
    await expire(house, crawl_id)
    await again(house)
    assert (await house.failure(crawl_id))["code"] == "SUBMIT_UNKNOWN"
    assert [state for _, state, *_ in await purchases(house)] == ["assumed"]

    house.adjust(settle=0.0)
    await retry(house, crawl_id)
    await house.finish(crawl_id)

    assert [(attempt, state) for attempt, state, *_ in await purchases(house)] == [(1, "settled")]
    assert len(await house.bought()) == 1


async def test_a_retry_that_buys_again_reserves_again_and_a_download_does_not(house: House) -> None:
    crawl_id = await house.trigger("ready_after:0,records:1", order=CHEAP)
    await house.finish(crawl_id)
    await allow(house, crawls_per_day=1)

    await download(house, crawl_id)
    await house.finish(crawl_id)
    assert len(await purchases(house)) == 1

    with pytest.raises(BudgetExceeded):
        await retry(house, crawl_id, repurchase=True)
    assert (await house.status(crawl_id))["attempt"] == 2

    await allow(house, crawls_per_day=2)
    await retry(house, crawl_id, repurchase=True)
    await house.finish(crawl_id)

    assert [(attempt, state) for attempt, state, *_ in await purchases(house)] == [(1, "settled"), (3, "settled")]
    assert len(await house.bought()) == 2
    assert (await used(house))["crawls_per_day"] == 2


async def test_a_day_that_is_over_counts_no_more_and_its_late_result_neither(house: House) -> None:
    await allow(house, records_per_day=1)
    crawl_id = await house.trigger("ready_after:0,records:1", order=CHEAP)
    await house.sql("UPDATE budgets SET day = day - 1, month = (month - interval '1 month')::date")
    await house.sql("UPDATE purchases SET day = (day - interval '1 month')::date")

    await house.trigger(order=CHEAP)
    await house.finish(crawl_id)

    counts = await used(house)
    assert (counts["records_per_day"], counts["records_per_month"]) == (1, 1)


async def test_a_new_budget_counts_what_was_bought_before_it(house: House) -> None:
    await house.trigger(order=of("s1"))
    await house.trigger(order=of("s2"))

    assert (await allow(house, crawls_per_day=3))["used"]["crawls_per_day"] == 2
    assert (await allow(house, "s1", crawls_per_day=3))["used"]["crawls_per_day"] == 1
    await allow(house)  # without limits there is none
    assert await house.rows("SELECT source_id FROM budgets") == [("s1",)]


async def test_a_reservation_that_nobody_settled_is_found(house: House) -> None:
    crawl_id = await house.trigger(order=CHEAP)
    await cancel(house, crawl_id)
    await house.sql("UPDATE purchases SET state = 'reserved', crawls = 1, reserved_at = now() - interval '1 day'")
    await house.sql("UPDATE jobs SET finished_at = now() - interval '1 day'")
    young = await house.trigger(order=CHEAP)
    seconds = SETTLED.total_seconds()

    assert await settle_left_open(database=house.context.database, settled_seconds=seconds) == 1
    assert await settle_left_open(database=house.context.database, settled_seconds=seconds) == 0

    states = {str(row["crawl_id"]): row["state"] for row in await house.rows("SELECT crawl_id, state FROM purchases")}
    assert states == {str(crawl_id): "given_back", str(young): "reserved"}


async def test_setting_a_budget_waits_for_orders_under_way(house: House) -> None:
    async with house.context.database.transaction() as tx:
        await budgets.lock(tx, "default")
        setting = asyncio.create_task(allow(house, crawls_per_day=5))
        await asyncio.wait([setting], timeout=0.2)
        assert not setting.done()
        await tx.execute(
            "INSERT INTO purchases (crawl_id, attempt, tenant, provider, price, expected, records, money)"
            " VALUES ($1, 1, 'default', 'bright_data', 0, 1, 1, 0)",
            uuid4(),
        )

    assert (await setting)["used"]["crawls_per_day"] == 1


async def test_orders_and_ends_of_many_sources_do_not_wait_in_a_circle(house: House) -> None:
    await allow(house, crawls_per_day=1000)
    for source in ("s1", "s2"):
        await allow(house, source, crawls_per_day=1000)
    there = [await house.trigger(order=of(f"s{n % 2 + 1}")) for n in range(12)]

    await asyncio.gather(
        *(house.trigger(order=of(f"s{n % 2 + 1}")) for n in range(12)), *(cancel(house, one) for one in there)
    )

    assert [(await used(house, source))["crawls_per_day"] for source in ("", "s1", "s2")] == [12, 6, 6]

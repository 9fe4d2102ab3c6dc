"""Snapshots that nobody owns become crawls, once, and buy nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.crawling.erasing.order_erasure import order_erasure
from services.crawling.governed import Governed
from services.crawling.ports import Listed, Submission
from services.crawling.reconcile_provider import reconcile_provider
from tests.flow.crawling.commands import retry
from tests.flow.crawling.orders import submit_and_die
from tests.flow.crawling.rig import TENANT, House

SIM = "ready_after:0,records:3"


async def reconcile(house: House, *, adopt: bool = True, datasets: tuple[str, ...] = ("gd_1",)) -> list[dict[str, Any]]:
    return await reconcile_provider(
        house.context.providers["bright_data"],
        dataset_ids=datasets,
        since=datetime.now(UTC) - timedelta(days=1),
        tenant=TENANT,
        adopt=adopt,
        webhook_token="hook",  # an example
        database=house.context.database,
        policy=house.context.policy,
    )


async def bought_elsewhere(house: House) -> str:
    """Somebody ordered it at the provider by hand."""
    order = Submission(correlation=uuid4(), dataset_id="gd_1", inputs=[{"url": f"https://a.example/?sim={SIM}"}])
    return await house.context.providers["bright_data"].submit(order)


async def test_a_snapshot_that_nobody_owns_becomes_a_crawl(house: House) -> None:
    snapshot_id = await bought_elsewhere(house)
    own = await house.submitted(SIM)

    (told,) = await reconcile(house)
    status = await house.finish(UUID(told["crawl_id"]))

    assert (told["snapshot_id"], told["note"]) == (snapshot_id, "")
    assert (status["pipeline_status"], status["attempt"], status["result"]["row_count"]) == ("completed", 1, 3)
    assert [event["type"] for event in await house.events(UUID(told["crawl_id"]))][:2] == [
        "crawl.triggered",
        "data.ingestion.completed",
    ]
    assert len(await house.bought()) == 2
    assert await house.rows("SELECT crawl_id FROM purchases") == await house.rows("SELECT $1::uuid AS crawl_id", own)


async def test_without_adopt_it_is_only_told(house: House) -> None:
    await bought_elsewhere(house)

    first, second = await reconcile(house, adopt=False), await reconcile(house, adopt=False)

    assert first == second
    assert [one["crawl_id"] for one in first] == [None]
    assert await house.rows("SELECT FROM crawls") == []


async def test_it_is_adopted_once(house: House) -> None:
    await bought_elsewhere(house)

    assert len(await reconcile(house)) == 1
    assert await reconcile(house, datasets=()) == []  # the dataset is known by now


async def test_what_an_order_of_unknown_fate_may_have_made_is_left_to_its_look_up(house: House) -> None:
    crawl_id = await house.trigger(SIM)
    await submit_and_die(house, crawl_id, sends=True)

    (told,) = await reconcile(house)
    assert told["crawl_id"] is None
    assert "unknown fate" in told["note"]

    await house.finish(crawl_id)
    assert await reconcile(house) == []


async def test_an_order_that_is_sent_while_the_list_is_asked_for_is_not_taken_from_it(house: House) -> None:
    provider = house.context.providers["bright_data"]

    class Meanwhile(Governed):
        async def snapshots(self, dataset_id: str, *, since: datetime) -> list[Listed]:
            house.replace(providers={"bright_data": provider})
            await submit_and_die(house, await house.trigger(SIM), sends=True)
            return await super().snapshots(dataset_id, since=since)

    house.replace(providers={"bright_data": Meanwhile(provider._provider, provider.governor)})

    (told,) = await reconcile(house)

    assert told["crawl_id"] is None


async def test_earlier_attempts_and_erased_crawls_keep_their_snapshots(house: House) -> None:
    crawl_id = await house.submitted(SIM)
    await house.finish(crawl_id)
    await retry(house, crawl_id, repurchase=True)
    await house.finish(crawl_id)
    assert len(await house.bought()) == 2
    assert await reconcile(house) == []

    await order_erasure(crawl_id, tenant=TENANT, asked_by=None, room=9, **house.places)
    await house.work("erase")

    assert await reconcile(house) == []


async def test_control_without_the_tombstone_an_erased_crawl_would_come_back(house: House) -> None:
    crawl_id = await house.submitted(SIM)
    await house.finish(crawl_id)
    await order_erasure(crawl_id, tenant=TENANT, asked_by=None, room=9, **house.places)
    await house.work("erase")
    await house.sql("UPDATE erasures SET snapshots = '{}'")

    assert len(await reconcile(house, adopt=False)) == 1

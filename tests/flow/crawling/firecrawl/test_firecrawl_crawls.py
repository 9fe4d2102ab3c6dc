"""A crawl by Firecrawl, from its order to what is stored and told."""

import json

import pytest

from services.crawling.submit_crawl import submit_crawl
from tests.flow.crawling.firecrawl.fire import Fire
from tests.flow.crawling.orders import Dying, again, age
from tests.flow.crawling.rig import Killed

NEVER = "ready_after:never"


async def test_a_crawl_becomes_its_documents_and_the_pages_that_failed(fire: Fire) -> None:
    crawl_id = await fire.submitted("ready_after:0,documents:130,errors:2,robots:1")
    status = await fire.finish(crawl_id)
    lines = [json.loads(line) for line in (await fire.result(crawl_id)).splitlines()]

    result = status["result"]
    assert (result["row_count"], result["post_count"], result["completeness"]) == (133, 130, "complete")
    assert result["warnings"] == ["3 inputs failed at the provider; their error records are part of the rows"]
    assert [line["markdown"].split("\n")[0] for line in lines[:130]] == [f"# Page {number}" for number in range(130)]
    assert [line["error_code"] for line in lines[130:]] == ["SCRAPE_DNS_RESOLUTION_ERROR"] * 2 + ["ROBOTS_BLOCKED"]
    assert await fire.ends(crawl_id) == [("data.ingestion.completed", 1)]
    assert await fire.visible(crawl_id) == [(1, 133)]


async def test_listed_pages_are_fetched_as_a_batch(fire: Fire) -> None:
    crawl_id = await fire.trigger("ready_after:0", order={"urls": ["https://a.example/", "https://b.example/"]})
    status = await fire.finish(crawl_id)

    (job,) = await fire.bought()
    assert (job["kind"], status["snapshot_id"]) == ("batch", f"batch:{job['id']}")
    assert (status["result"]["row_count"], status["result"]["completeness"]) == (2, "complete")


async def test_a_limit_that_was_lowered_in_silence_makes_the_result_partial(fire: Fire) -> None:
    crawl_id = await fire.submitted("ready_after:30,documents:90,clamp:25", order={"options": {"limit": 80}})
    await fire.poll()  # while it runs, the list of active crawls tells the limit that holds
    fire.clock.ahead = 60
    status = await fire.finish(crawl_id)

    (manifest,) = [name for name in await fire.lake_names(crawl_id) if name == "manifest.json"]
    prefix = f"crawls/default/{crawl_id}/1/{manifest}"
    stored = json.loads(b"".join([block async for block in fire.context.lake.read(prefix)]))
    (told,) = await fire.events(crawl_id, "data.ingestion.completed")
    warning = "the provider agreed to 25 of the 80 records asked for, and stopped there"
    for said in (status["result"], stored, told["data"]):
        assert (said["completeness"], said["warnings"]) == ("partial", [warning])


async def test_an_account_without_credits_says_that_a_quick_crawl_was_cut_short(fire: Fire) -> None:
    crawl_id = await fire.submitted("ready_after:0,documents:90,clamp:25", order={"options": {"limit": 80}})
    status = await fire.finish(crawl_id)

    assert status["result"]["completeness"] == "partial"
    assert fire.calls("credits") == 1


@pytest.mark.parametrize(
    ("sim", "limit"), [("documents:90", 80), ("documents:20,clamp:25", 80), ("documents:90,clamp:500", 80)]
)
async def test_control_a_crawl_that_was_not_cut_short_is_complete(fire: Fire, sim: str, limit: int) -> None:
    crawl_id = await fire.submitted(f"ready_after:30,{sim}", order={"options": {"limit": limit}})
    await fire.poll()
    fire.clock.ahead = 60
    status = await fire.finish(crawl_id)

    assert (status["result"]["completeness"], status["result"]["warnings"]) == ("complete", [])


@pytest.mark.parametrize("fault", ["drop", "commit_500"])
async def test_a_crawl_whose_answer_got_lost_is_found_and_adopted(fire: Fire, fault: str) -> None:
    crawl_id = await fire.submitted(f"{NEVER},fault:submit.{fault}@1")
    await again(fire)

    (job,) = await fire.bought()
    assert (await fire.status(crawl_id))["snapshot_id"] == job["id"]
    assert fire.calls("submit") == 1


@pytest.mark.parametrize("sends", [True, False])
async def test_a_process_killed_while_it_orders_leaves_one_purchase(fire: Fire, sends: bool) -> None:  # noqa: FBT001  # a parameter
    crawl_id = await fire.trigger(NEVER)
    alive, context = fire.context.providers["firecrawl"], fire.context
    job = await fire.take(crawl_id)
    with pytest.raises(Killed):
        await submit_crawl(
            job,
            database=context.database,
            providers={"firecrawl": Dying(alive, sends=sends)},
            policy=context.policy,
        )
    await fire.end_leases()
    await again(fire)
    await age(fire, crawl_id)
    await again(fire)

    (bought,) = await fire.bought()
    assert (await fire.status(crawl_id))["snapshot_id"] == bought["id"]


async def test_a_lost_batch_is_never_bought_again_even_where_nobody_finds_it(fire: Fire) -> None:
    crawl_id = await fire.trigger(f"{NEVER},fault:submit.drop@1", order={"urls": ["https://a.example/"]})
    await fire.work("submit")
    for _ in range(3):
        await again(fire)
        await age(fire, crawl_id)

    status = await fire.status(crawl_id)
    assert (len(await fire.bought()), fire.calls("submit") > 1) == (1, True)
    assert (status["pipeline_status"], status["snapshot_id"]) == ("submitting", None)


async def test_an_order_refused_for_a_while_is_another_purchase_when_it_is_sent_again(fire: Fire) -> None:
    crawl_id = await fire.submitted(f"{NEVER},fault:submit.429=1@1")
    before = await fire.bought()
    await fire.sql("UPDATE provider_health SET open_until = NULL")
    fire.context.providers["firecrawl"].governor._resting_until = 0.0
    await again(fire)

    assert before == []
    assert (await fire.status(crawl_id))["snapshot_id"] == (await fire.bought())[0]["id"]


async def test_without_credits_the_crawl_fails_and_says_what_to_do(fire: Fire) -> None:
    crawl_id = await fire.submitted("clamp:0")

    failure = await fire.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("PROVIDER_OUT_OF_CREDITS", "trigger")
    assert await fire.bought() == []


async def test_a_crawl_stuck_on_scraping_ends_by_the_stall_clock(fire: Fire) -> None:
    crawl_id = await fire.submitted(NEVER)
    await fire.poll()
    await fire.sql("UPDATE polls SET moved_at = now() - interval '2 h', answered_at = now()")
    await fire.poll()

    assert (await fire.failure(crawl_id))["code"] == "PROVIDER_STALLED"


async def test_a_result_thrown_away_after_a_day_is_expired_and_may_be_bought_anew(fire: Fire) -> None:
    crawl_id = await fire.submitted("ready_after:0")
    await fire.poll()
    fire.clock.ahead = 86_401
    await fire.work("store")

    status = await fire.status(crawl_id)
    assert status["error"]["code"] == "RESULT_EXPIRED"
    assert {"download", "retry-background"} & set(status["commands"]) == {"retry-background"}

"""An order whose answer was lost is found again, and never guessed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from services.crawling.ports import Submission
from services.crawling.provider_problems import ProviderAuth, ProviderRateLimited, ProviderUnavailable, SubmitUnknown
from services.crawling.providers.bright_data.provider import BrightData
from tests.contract.providers.rig import CRAWL, SINCE, Ledger, answering, order, provider, says


async def test_a_lost_order_is_found_by_our_id_among_equal_ones(bright_data: BrightData, ledger: Ledger) -> None:
    for correlation in (uuid4(), CRAWL, uuid4()):
        with pytest.raises(SubmitUnknown):
            await bright_data.submit(order("fault:drop", correlation=correlation))
    bought = {entry["correlation"]: entry["snapshot_id"] for entry in await ledger()}

    assert await bright_data.find(order("fault:drop"), since=SINCE, taken=[]) == bought[str(CRAWL)]
    assert await bright_data.find(order("fault:drop"), since=SINCE, taken=[bought[str(CRAWL)]]) is None
    assert await bright_data.find(order("fault:drop", correlation=uuid4()), since=SINCE, taken=[]) is None


@pytest.mark.parametrize("broken", ["log.404", "log.404,fault:input.404"])
async def test_a_lost_order_is_found_without_the_log_and_never_guessed(bright_data: BrightData, broken: str) -> None:
    snapshot_id = await bright_data.submit(order(f"fault:{broken}"))

    if broken == "log.404":
        assert await bright_data.find(order(), since=SINCE, taken=[]) == snapshot_id
        assert await bright_data.find(order(correlation=uuid4()), since=SINCE, taken=[]) is None
    else:
        with pytest.raises(ProviderUnavailable, match=snapshot_id):
            await bright_data.find(order(), since=SINCE, taken=[])


async def test_the_webhook_url_in_the_log_decides(bright_data: BrightData) -> None:
    wish = order("notify:off,fault:input.404", notify_url=f"http://127.0.0.1:1/hook?crawl_id={CRAWL}")
    snapshot_id = await bright_data.submit(wish)

    assert await bright_data.find(wish, since=SINCE, taken=[]) == snapshot_id
    assert await bright_data.find(order(correlation=uuid4()), since=SINCE, taken=[]) is None


async def test_a_snapshot_from_before_the_order_is_not_looked_at(bright_data: BrightData) -> None:
    await bright_data.submit(order())

    assert await bright_data.find(order(), since=datetime.now(UTC) + timedelta(minutes=6), taken=[]) is None


async def test_a_listing_that_fails_is_no_empty_listing(session: aiohttp.ClientSession) -> None:
    for status, body, problem in (
        (500, "Internal server error", ProviderUnavailable),
        (200, "<html>", ProviderUnavailable),
        (200, '{"error":"x"}', ProviderUnavailable),
        (401, "Credentials are missing", ProviderAuth),
        (429, "slow down", ProviderRateLimited),
    ):
        async with answering(says(status, body)) as url:
            with pytest.raises(problem):
                await provider(session, url).find(order(), since=SINCE, taken=[])


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        ("url,num\nhttps://b.example,True\nhttps://a.example,\n", True),
        ("url,num\nhttps://a.example,\nhttps://a.example,\nhttps://b.example,true\n", False),
        ("url\nhttps://a.example\n", False),
        (f"url,headrace_crawl_id\nhttps://z.example,{CRAWL}\n", True),
        ("url,num,headrace_crawl_id\nhttps://a.example,,other\nhttps://b.example,true,other\n", False),
        ("", None),
        ("<html>", None),
    ],
)
async def test_equal_inputs_decide_only_where_our_id_was_dropped(
    session: aiohttp.ClientSession, sheet: str, *, found: bool | None
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/snapshots"):
            return web.json_response([{"id": "sd_1", "created": SINCE.isoformat(), "dataset_id": "gd_1"}])
        return web.Response(status=200 if request.path.endswith("/input") else 404, text=sheet)

    wish = Submission(
        correlation=CRAWL,
        dataset_id="gd_1",
        inputs=[{"url": "https://a.example"}, {"url": "https://b.example", "num": True}],
    )
    async with answering(handler) as url:
        looking = provider(session, url).find(wish, since=SINCE, taken=[])
        if found is None:
            with pytest.raises(ProviderUnavailable):
                await looking
        else:
            assert await looking == ("sd_1" if found else None)


async def test_a_long_listing_is_read_to_its_end(session: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/snapshots"):
            skip = int(request.query["skip"])
            page = range(skip, min(2300, skip + int(request.query["limit"])))
            return web.json_response([{"id": f"sd_{number}", "created": SINCE.isoformat()} for number in page])
        mine = request.path.endswith("/sd_2299/input")
        return web.Response(status=200 if mine else 404, text=f"url,headrace_crawl_id\nx,{CRAWL}\n")

    async with answering(handler) as url:
        taken = [f"sd_{number}" for number in range(2299)]
        assert await provider(session, url).find(order(), since=SINCE, taken=taken) == "sd_2299"

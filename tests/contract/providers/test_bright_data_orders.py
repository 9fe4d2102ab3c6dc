"""An order to Bright Data: what is bought, what is refused, and what nobody knows."""

import socket

import aiohttp
import pytest

from schemas.problem import Problem, ProblemClass
from services.crawling.ports import Provider, Submission
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SnapshotMissing,
    SubmitUnknown,
)
from services.crawling.providers.bright_data.provider import BrightData
from services.crawling.result.ndjson import Judge
from tests.contract.providers.rig import CRAWL, Ledger, order, provider


def test_it_is_a_provider(bright_data: BrightData) -> None:
    fits: Provider = bright_data

    assert fits.name == "bright_data"


async def test_an_order_becomes_a_ready_snapshot_with_all_its_lines(bright_data: BrightData, ledger: Ledger) -> None:
    snapshot_id = await bright_data.submit(order("records:2300,errors:2"))

    progress = await bright_data.poll(snapshot_id)
    parts = await bright_data.parts(snapshot_id)
    judge = Judge()
    for part in range(1, parts + 1):
        async for block in bright_data.download(snapshot_id, part):
            judge.feed(block)
    list(judge.finish())

    (bought,) = await ledger()
    assert (progress.state, progress.records, progress.errors) == ("ready", 2300, 2)
    assert parts == 3
    assert (judge.tally.rows, judge.tally.error_rows) == (2302, 2)
    assert judge.digest.hexdigest() == bought["sha256"]
    assert bought["correlation"] == str(CRAWL)


async def test_options_webhook_and_its_secret_go_into_the_order(bright_data: BrightData, ledger: Ledger) -> None:
    hook = "http://127.0.0.1:1/hook?crawl_id=1&x=a b"
    wish = order("notify:off", options={"limit_per_input": "3"}, notify_url=hook, notify_authorization="Bearer h")

    await bright_data.submit(wish)

    (bought,) = await ledger()
    options = bought["options"]
    assert (options["notify"], options["auth_header"], options["limit_per_input"]) == (hook, "Bearer h", "3")
    assert options["include_errors"] == "true"


async def test_options_it_does_not_take_are_not_sent(bright_data: BrightData, ledger: Ledger) -> None:
    await bright_data.submit(
        order(options={"limit_per_input": "3", "endpoint": "http://127.0.0.1:9/", "format": "csv"})
    )

    (bought,) = await ledger()
    assert bought["options"]["limit_per_input"] == "3"
    assert not {"endpoint", "format"} & bought["options"].keys()


@pytest.mark.parametrize(
    ("sim", "problem"),
    [
        ("fault:drop@1", SubmitUnknown),
        ("fault:commit_500@1", SubmitUnknown),
        ("fault:trigger.502@1", SubmitUnknown),
        ("fault:trigger.reset@1", SubmitUnknown),
        ("fault:trigger.html@1", SubmitUnknown),
        ("fault:trigger.empty_body@1", SubmitUnknown),
        ("fault:trigger.garbage@1", SubmitUnknown),
        ("fault:trigger.redirect@1", SubmitUnknown),
        ("fault:trigger.401@1", ProviderAuth),
        ("fault:trigger.403@1", ProviderAuth),
        ("fault:trigger.404@1", ProviderRejected),
        ("fault:trigger.429=7@1", ProviderRateLimited),
    ],
)
async def test_an_order_that_fails_says_whether_it_may_have_been_bought(
    bright_data: BrightData,
    ledger: Ledger,
    sim: str,
    problem: type[Problem],
) -> None:
    with pytest.raises(problem) as caught:
        await bright_data.submit(order(sim))

    bought = len(await ledger())
    assert bought == int(sim in {"fault:drop@1", "fault:commit_500@1"})
    assert not bought or caught.value.kind is ProblemClass.AMBIGUOUS


async def test_an_order_that_could_not_be_sent_is_no_mystery(session: aiohttp.ClientSession) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(ProviderUnavailable) as caught:
            await provider(session, url).submit(order())

    assert caught.value.kind is ProblemClass.RETRY


async def test_a_refused_order_names_the_input_and_the_field(bright_data: BrightData) -> None:
    wish = Submission(
        correlation=CRAWL, dataset_id="gd_1", inputs=[{"url": "https://a.example"}, {"name": "x", "keyword": "y"}]
    )

    with pytest.raises(ProviderRejected, match=r"input 2: url: Required field; name: This input should not"):
        await bright_data.submit(wish)
    with pytest.raises(ProviderRejected, match="dataset does not exist"):
        await bright_data.submit(Submission(correlation=CRAWL, dataset_id="x", inputs=[{"url": "https://a.example"}]))
    with pytest.raises(ProviderRejected, match="must be one of"):
        await bright_data.submit(order(options={"type": "other"}))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 1), ("huge", 3600), ("past", 1), ("negative", None), ("junk", None), ("none", None)],
)
async def test_retry_after_is_clamped_and_nonsense_ignored(
    bright_data: BrightData, value: str, seconds: float | None
) -> None:
    with pytest.raises(ProviderRateLimited, match="Running jobs") as caught:
        await bright_data.submit(order(f"fault:trigger.429={value}"))

    assert caught.value.retry_after == seconds


async def test_retry_after_may_be_a_date(bright_data: BrightData) -> None:
    with pytest.raises(ProviderRateLimited) as caught:
        await bright_data.submit(order("fault:trigger.429=date"))

    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 2


async def test_cancelling_twice_is_fine(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("ready_after:never"))

    await bright_data.cancel(snapshot_id)
    await bright_data.cancel(snapshot_id)

    assert (await bright_data.poll(snapshot_id)).status == "canceled"
    with pytest.raises(SnapshotMissing):
        await bright_data.cancel("sd_unknown")

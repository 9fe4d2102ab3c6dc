import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from infra.local.simulators.bright_data import Server, serve
from schemas.problem import Problem, ProblemClass
from services.crawling.ports import Provider, Submission
from services.crawling.provider_problems import (
    NotReady,
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
    SubmitUnknown,
)
from services.crawling.providers.bright_data.client import Client
from services.crawling.providers.bright_data.download import Patience
from services.crawling.providers.bright_data.provider import BrightData
from services.crawling.result.gunzip import ResultBomb, ResultCorrupt, ResultTruncated
from services.crawling.result.ndjson import Judge, ResultNotData, ResultTooLarge

TOKEN = "secret-token-4711"  # a canary
CRAWL = UUID("00000000-0000-4000-8000-000000000001")
SINCE = datetime.now(UTC)
QUICK = Patience(seconds=20, window_seconds=0.4)


def order(sim: str = "", *, correlation: UUID = CRAWL, **more: Any) -> Submission:
    url = f"https://www.facebook.com/page?sim=ready_after:0,{sim}".rstrip(",")
    return Submission(correlation=correlation, dataset_id="gd_1", inputs=[{"url": url}], **more)


@pytest.fixture
async def simulator() -> AsyncIterator[Server]:
    server = await serve(token=TOKEN)
    yield server
    await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


def provider(session: aiohttp.ClientSession, url: str, *, token: str = TOKEN, **more: Any) -> BrightData:
    more = {"batch_size": 1000, "patience": QUICK} | more
    return BrightData(Client(session, origin=url, token=SecretStr(token)), **more)


@pytest.fixture
def bright_data(simulator: Server, session: aiohttp.ClientSession) -> BrightData:
    return provider(session, simulator.url)


@pytest.fixture
async def ledger(simulator: Server, session: aiohttp.ClientSession) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def read() -> list[dict[str, Any]]:
        async with session.get(f"{simulator.url}/simulator/ledger") as response:
            entries: list[dict[str, Any]] = (await response.json())["snapshots"]
            return entries

    return read


async def fetch(given: BrightData, snapshot_id: str, part: int = 1) -> bytes:
    return b"".join([block async for block in given.download(snapshot_id, part)])


@asynccontextmanager
async def answering(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def says(status: int, body: str, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


def test_it_is_a_provider(bright_data: BrightData) -> None:
    fits: Provider = bright_data

    assert fits.name == "bright_data"


async def test_an_order_becomes_a_ready_snapshot_with_all_its_lines(
    bright_data: BrightData, ledger: Callable[[], Awaitable[list[dict[str, Any]]]]
) -> None:
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


async def test_options_webhook_and_its_secret_go_into_the_order(
    bright_data: BrightData, ledger: Callable[[], Awaitable[list[dict[str, Any]]]]
) -> None:
    hook = "http://127.0.0.1:1/hook?crawl_id=1&x=a b"
    wish = order("notify:off", options={"limit_per_input": "3"}, notify_url=hook, notify_authorization="Bearer h")

    await bright_data.submit(wish)

    (bought,) = await ledger()
    options = bought["options"]
    assert (options["notify"], options["auth_header"], options["limit_per_input"]) == (hook, "Bearer h", "3")
    assert options["include_errors"] == "true"


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
    ledger: Callable[[], Awaitable[list[dict[str, Any]]]],
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


async def test_a_lost_order_is_found_by_our_id_among_equal_ones(
    bright_data: BrightData, ledger: Callable[[], Awaitable[list[dict[str, Any]]]]
) -> None:
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


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"status": "starting"}, "pending"),
        ({"status": "closing", "running_time": 12652}, "pending"),
        ({"status": "some new word"}, "pending"),
        ({"status": "ready", "records": 10, "errors": 1}, "ready"),
        ({"status": "failed", "error_message": "Account is suspended"}, "failed"),
        ({"status": "failed", "error_message": "Snapshot is empty"}, "ready"),
        ({"status": "canceled", "error_codes": {"aborted_page": 1}}, "failed"),
        ({"status": "cancelled"}, "failed"),
        ({"status": "error"}, "failed"),
    ],
)
async def test_every_status_word_has_a_meaning_and_stays_as_it_is(
    session: aiohttp.ClientSession, body: dict[str, Any], state: str
) -> None:
    async with answering(says(200, json.dumps(body), Retry_After="4")) as url:
        progress = await provider(session, url).poll("sd_1")

    assert (progress.state, progress.status, progress.retry_after) == (state, body["status"], 4)
    assert progress.records == body.get("records", 0 if state == "ready" else None)
    assert progress.message in (body.get("error_message", ""), "aborted_page: 1")


async def test_the_marker_moves_with_headway_and_not_with_time(session: aiohttp.ClientSession) -> None:
    bodies = [
        {"status": "running", "running_time": 1},
        {"status": "running", "running_time": 2},
        {"status": "closing", "running_time": 3},
        {"status": "closing", "records": 5},
    ]
    markers = []
    for body in bodies:
        async with answering(says(200, json.dumps(body))) as url:
            markers.append((await provider(session, url).poll("sd_1")).marker)

    assert markers[0] == markers[1]
    assert len(set(markers)) == 3


@pytest.mark.parametrize(
    ("sim", "problem"),
    [
        ("hidden_for:60", SnapshotMissing),
        ("fault:401", ProviderAuth),
        ("fault:410", ResultExpired),
        ("fault:429=9", ProviderRateLimited),
        ("fault:503", ProviderUnavailable),
        ("fault:progress.html", ProviderUnavailable),
        ("fault:garbage", ProviderUnavailable),
        ("fault:empty_body", ProviderUnavailable),
        ("fault:reset", ProviderUnavailable),
        ("fault:redirect", ProviderUnavailable),
    ],
)
async def test_a_poll_without_an_answer_is_a_problem(bright_data: BrightData, sim: str, problem: type[Problem]) -> None:
    snapshot_id = await bright_data.submit(order(sim))

    with pytest.raises(problem):
        await bright_data.poll(snapshot_id)


async def test_an_id_that_would_leave_its_place_in_the_path_is_not_asked_for(bright_data: BrightData) -> None:
    for snapshot_id in ("../trigger", "sd_1/cancel", "sd_1?x=1", ""):
        with pytest.raises(SnapshotMissing):
            await bright_data.poll(snapshot_id)


async def test_a_failed_snapshot_says_why(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("failed:Something went wrong. Our team is looking into it."))

    progress = await bright_data.poll(snapshot_id)

    assert (progress.state, progress.message[:20]) == ("failed", "Something went wrong")


@pytest.mark.parametrize(
    ("sim", "seconds"),
    [
        ("ready_after:never", 30),
        ("fault:not_ready@1", 30),
        ("fault:building@1", 10),
        ("fault:building=3@1", 3),
        ("fault:conflict@1", 10),
    ],
)
async def test_a_result_that_is_being_built_asks_for_patience(
    bright_data: BrightData, sim: str, seconds: float
) -> None:
    snapshot_id = await bright_data.submit(order(sim))

    with pytest.raises(NotReady) as caught:
        await fetch(bright_data, snapshot_id)

    assert (caught.value.retry_after, caught.value.kind) == (seconds, ProblemClass.RETRY)
    assert caught.value.status < 500


async def test_an_empty_snapshot_has_no_lines(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("fault:empty"))
    nothing = await bright_data.submit(order("records:0"))

    assert await fetch(bright_data, snapshot_id) == b""
    assert await fetch(bright_data, nothing) == b""


@pytest.mark.parametrize("sim", ["", "fault:gzip_members", "fault:gzip_plain", "fault:plain_gzip"])
async def test_the_bytes_decide_what_is_gzip(bright_data: BrightData, sim: str) -> None:
    assert (await fetch(bright_data, await bright_data.submit(order(sim)))).count(b"\n") == 25


@pytest.mark.parametrize(
    ("sim", "problem"),
    [
        ("fault:gzip_cut", ResultTruncated),
        ("fault:gzip_cut=0.999", ResultTruncated),
        ("fault:gzip_trailer", ResultTruncated),
        ("fault:gzip_crc", ResultCorrupt),
        ("fault:gzip_double", ResultCorrupt),
        ("fault:bomb=64", ResultBomb),
        ("fault:cut", ResultTruncated),
        ("fault:length_long", ResultTruncated),
        ("fault:length_short", (ResultTruncated, ProviderUnavailable)),  # by how the bytes fall into packets
        ("fault:length_twice", ProviderUnavailable),
        ("fault:close_cut", ResultTruncated),
        ("fault:chunk_cut", ResultTruncated),
        ("fault:reset_body", ResultTruncated),
        ("expires_after:0", ResultExpired),
        ("fault:snapshot.429", ProviderRateLimited),
        ("fault:snapshot.500", ProviderUnavailable),
        ("fault:snapshot.404", SnapshotMissing),
    ],
)
async def test_a_damaged_or_slow_body_never_passes(
    bright_data: BrightData, sim: str, problem: type[Problem] | tuple[type[Problem], ...]
) -> None:
    snapshot_id = await bright_data.submit(order(sim))

    with pytest.raises(problem):
        await fetch(bright_data, snapshot_id)


async def test_an_html_page_is_passed_on_and_refused_by_the_judge(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("fault:snapshot.html"))
    page = await fetch(bright_data, snapshot_id)

    with pytest.raises(ResultNotData):
        Judge().feed(page)


async def test_a_part_over_its_size_or_time_is_stopped(simulator: Server, session: aiohttp.ClientSession) -> None:
    small = provider(session, simulator.url, patience=Patience(max_bytes=1000))
    short = provider(session, simulator.url, patience=Patience(seconds=0.3, window_seconds=60))
    snapshot_id = await small.submit(order("records:100"))
    drips = await small.submit(order("line_bytes:900,fault:drip=2000"))

    with pytest.raises(ResultTooLarge):
        await fetch(small, snapshot_id)
    with pytest.raises(ProviderUnavailable, match=r"longer than 0\.3 s"):
        await fetch(short, drips)


async def test_a_body_below_the_pace_is_given_up(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("line_bytes:900,fault:drip=100"))

    with pytest.raises(ProviderUnavailable, match="slower than 1024 bytes a second"):
        await fetch(bright_data, snapshot_id)


async def test_a_slow_body_above_the_pace_is_fine(simulator: Server, session: aiohttp.ClientSession) -> None:
    patient = provider(session, simulator.url, patience=Patience(window_seconds=0.3, bytes_a_second=500))
    snapshot_id = await patient.submit(order("fault:drip=4000"))

    assert (await fetch(patient, snapshot_id)).count(b"\n") == 25


async def test_blocks_are_never_over_one_mebibyte(session: aiohttp.ClientSession) -> None:
    line = b'{"text":"' + b"x" * 90 + b'"}\n'
    for body in (line * 40_000, gzip.compress(line * 40_000)):

        async def handler(_: web.Request, body: bytes = body) -> web.StreamResponse:
            return web.Response(body=body)

        async with answering(handler) as url:
            blocks = [block async for block in provider(session, url).download("sd_1", 1)]

        assert b"".join(blocks) == line * 40_000
        assert max(map(len, blocks)) <= 1 << 20


async def test_parts_are_asked_for_after_part_one_was(session: aiohttp.ClientSession) -> None:
    calls: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        calls.append(request.path_qs.rpartition("/")[2])
        if request.path.endswith("/parts"):
            known = len(calls) > 2
            return web.Response(status=200 if known else 404, text='{"parts":4}' if known else "Snapshot is not ready")
        return web.Response(body=b"x" * 1000)

    async with answering(handler) as url:
        assert await provider(session, url).parts("sd_1") == 4

    form = "format=ndjson&compress=true&batch_size=1000"
    assert calls == [f"parts?{form}", f"sd_1?{form}&part=1", f"parts?{form}"]


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (200, '{"parts":0}', 1),
        (404, "Cannot GET /datasets/v3/snapshot/sd_1/parts", 1),
        (400, "Snapshot is empty", 1),
        (404, "Snapshot does not exist", SnapshotMissing),
        (400, "Snapshot is expired", ResultExpired),
        (400, "Snapshot is not ready", NotReady),
        (409, "busy", NotReady),
        (200, "<html>", ProviderUnavailable),
    ],
)
async def test_what_the_parts_call_can_say(
    session: aiohttp.ClientSession, status: int, text: str, expected: int | type[Problem]
) -> None:
    async with answering(says(status, text)) as url:
        asking = provider(session, url).parts("sd_1")
        if isinstance(expected, int):
            assert await asking == expected
        else:
            with pytest.raises(expected):
                await asking


async def test_cancelling_twice_is_fine(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("ready_after:never"))

    await bright_data.cancel(snapshot_id)
    await bright_data.cancel(snapshot_id)

    assert (await bright_data.poll(snapshot_id)).status == "canceled"
    with pytest.raises(SnapshotMissing):
        await bright_data.cancel("sd_unknown")


async def test_the_token_goes_to_the_origin_only_and_never_into_words(session: aiohttp.ClientSession) -> None:
    elsewhere: list[str] = []

    async def thief(request: web.Request) -> web.StreamResponse:
        elsewhere.append(request.headers.get("Authorization", ""))
        return web.json_response({"snapshot_id": "sd_1"})

    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(status=400, text=f"bad {request.headers['Authorization']} {request.query['auth_header']}")

    wish = order(notify_url="http://127.0.0.1:1/", notify_authorization="Bearer hook-secret")
    async with answering(thief) as other, answering(says(307, "", Location=other)) as url, answering(echo) as echoing:
        with pytest.raises(SubmitUnknown):
            await provider(session, url).submit(wish)
        with pytest.raises(ProviderRejected, match=r"Bearer \*\*\* Bearer \*\*\*") as caught:
            await provider(session, echoing).submit(wish)

    assert elsewhere == []
    words = f"{caught.value!r} {caught.value.detail} {provider(session, url)!r} {vars(provider(session, url))!r}"
    assert TOKEN not in words
    assert "hook-secret" not in words


async def test_transport_failures_carry_neither_url_nor_headers(bright_data: BrightData) -> None:
    wish = order("fault:trigger.reset", notify_url="http://127.0.0.1:1/", notify_authorization="Bearer hook-secret")

    with pytest.raises(SubmitUnknown) as caught:
        await bright_data.submit(wish)

    assert caught.value.__cause__ is None
    assert "hook-secret" not in caught.value.detail


async def test_a_wrong_token_is_refused(simulator: Server, session: aiohttp.ClientSession) -> None:
    with pytest.raises(ProviderAuth, match="Auth method is not supported"):
        await provider(session, simulator.url, token="wrong").poll("sd_1")  # not a secret

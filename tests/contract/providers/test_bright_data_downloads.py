"""A result comes whole, in blocks and parts, or not at all."""

import gzip

import aiohttp
import pytest
from aiohttp import web

from infra.local.simulators.bright_data import Server
from schemas.problem import Problem, ProblemClass
from services.crawling.provider_problems import (
    NotReady,
    ProviderRateLimited,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
)
from services.crawling.providers.bright_data.download import Patience
from services.crawling.providers.bright_data.provider import BrightData
from services.crawling.result.gunzip import ResultBomb, ResultCorrupt, ResultTruncated
from services.crawling.result.ndjson import Judge, ResultNotData, ResultTooLarge
from tests.contract.providers.rig import answering, fetch, order, provider, says


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

"""What one proxy carries at most: a page can use up its own capture, and nothing else."""

import asyncio
from urllib.parse import urlsplit

from structlog.testing import capture_logs

from infra.runtime.egress.denials import counts
from infra.runtime.egress.proxy import Limits, filtering_proxy
from tests.contract.egress.sites import answered, page, site
from tests.contract.egress.test_filtering_proxy import allowing, get, raw


async def test_bytes_of_all_connections_count_together() -> None:
    async with site(answered(b"x" * 60_000)) as at, allowing(at, limits=Limits(bytes=100_000)) as proxy:
        lengths = [len(await raw(proxy, get(f"http://a.example:{at.port}/"))) for _ in range(4)]

    assert lengths[0] > 60_000
    assert sum(lengths) < 102_000
    assert lengths[3] == 0
    assert proxy.spent


async def test_uploads_count_too() -> None:
    async with site(answered()) as at, allowing(at, limits=Limits(bytes=1000)) as proxy:
        post = f"POST http://a.example:{at.port}/ HTTP/1.1\r\nContent-Length: 5000\r\n\r\n".encode() + b"x" * 5000
        assert await raw(proxy, post) == b""

    assert at.asked == []


async def test_control_within_its_limits_nothing_is_cut() -> None:
    async with site(answered(b"x" * 60_000)) as at, allowing(at) as proxy:
        assert all([len(await raw(proxy, get(f"http://a.example:{at.port}/"))) > 60_000 for _ in range(4)])

    assert not proxy.spent


async def test_connections_are_counted() -> None:
    async with site(answered()) as at, allowing(at, limits=Limits(connections=2)) as proxy:
        answers = [await raw(proxy, get(f"http://a.example:{at.port}/")) for _ in range(4)]

    assert [bool(one) for one in answers] == [True, True, False, False]


async def test_connections_at_once_are_limited() -> None:
    async with filtering_proxy(limits=Limits(at_once=2)) as proxy:
        held = [await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port) for _ in range(3)]
        async with asyncio.timeout(5):
            assert await held[2][0].read() == b""
        for _, writer in held:
            writer.close()


async def test_a_connection_ends_in_time_whatever_drips_through_it() -> None:
    unfinished, soon = page(b"x" * 9)[:-1], Limits(connection_seconds=0.2)
    async with site(lambda _: unfinished, stubborn=True) as at, allowing(at, limits=soon) as proxy:
        answer = await raw(proxy, get(f"http://a.example:{at.port}/"))

    assert answer.endswith(b"x" * 8)


async def test_a_name_that_is_never_found_is_not_waited_for() -> None:
    async def never(name: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with filtering_proxy(limits=Limits(connect_seconds=0.1), lookup=never) as proxy:
        assert (await raw(proxy, get("http://a.example/"))).startswith(b"HTTP/1.1 502 ")


async def test_nothing_is_left_running_behind_it() -> None:
    before = asyncio.all_tasks()
    async with site(lambda _: b"") as at:
        async with allowing(at) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(f"CONNECT a.example:{at.port} HTTP/1.1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()

    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # the site's own tasks end by themselves
            await asyncio.sleep(0.01)


async def test_a_flood_of_denials_is_counted_and_neither_kept_nor_logged() -> None:
    before = counts()["page"]
    async with filtering_proxy() as proxy:
        with capture_logs() as logged:
            for _ in range(120):
                await raw(proxy, get("http://10.0.0.5/"))

    assert (proxy.denials, len(proxy.denied), len(logged)) == (120, 100, 100)
    assert counts()["page"] - before == 120

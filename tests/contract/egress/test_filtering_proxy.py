"""The proxy in front of browsers: what it passes on, and how; what it refuses, and counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from infra.runtime.egress.proxy import FilteringProxy, Limits, filtering_proxy
from tests.contract.egress.sites import Site, answered, leads_here, page, site


@asynccontextmanager
async def allowing(at: Site, *, limits: Limits | None = None) -> AsyncIterator[FilteringProxy]:
    async with filtering_proxy(frozenset({f"a.example:{at.port}"}), limits=limits, lookup=leads_here) as proxy:
        yield proxy


async def raw(proxy: FilteringProxy, sent: bytes, *, more: bytes = b"", seconds: float = 5.0) -> bytes:
    """Everything the proxy answers on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
    try:
        async with asyncio.timeout(seconds):
            writer.write(sent)
            if more:
                answer = await reader.readuntil(b"\r\n\r\n")
                writer.write(more)
                return answer + await reader.read()
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def get(url: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {url} HTTP/1.1", *headers, "", ""]).encode()


async def test_a_request_is_passed_on_as_the_origin_expects_it() -> None:
    async with site(answered(b"body")) as at, allowing(at) as proxy:
        headers = ("Host: other.example", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "Accept: a")
        answer = await raw(proxy, get(f"http://a.example:{at.port}/p?q=1#f", *headers))

    [asked] = at.asked
    assert asked.split(b"\r\n") == [
        b"GET /p?q=1 HTTP/1.1",
        b"Host: a.example:%d" % at.port,
        b"Accept: a",
        b"Connection: close",
        b"",
        b"",
    ]
    assert answer.endswith(b"Connection: close\r\n\r\nbody")
    assert (proxy.carried, proxy.denials) == (1, 0)


async def test_a_body_goes_along_and_nothing_behind_it() -> None:
    soon = Limits(connection_seconds=0.5)  # the origin would read on
    async with site(answered(), stubborn=True) as at, allowing(at, limits=soon) as proxy:
        post = f"POST http://a.example:{at.port}/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody".encode()
        await raw(proxy, post + get(f"http://a.example:{at.port}/second"))

    assert len(at.asked) == 1
    assert at.asked[0].endswith(b"\r\n\r\nbody")


async def test_an_origin_that_wants_to_keep_the_connection_is_overruled() -> None:
    keeping, soon = (
        answered(headers="Connection: keep-alive\r\nKeep-Alive: timeout=9\r\n"),
        Limits(connection_seconds=0.5),
    )
    async with site(keeping, stubborn=True) as at, allowing(at, limits=soon) as proxy:
        answer = await raw(proxy, get(f"http://a.example:{at.port}/"))

    assert b"eep-" not in answer
    assert b"Connection: close" in answer


async def test_interim_answers_are_left_out() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with site(lambda _: interim + page()) as at, allowing(at) as proxy:
        answer = await raw(proxy, get(f"http://a.example:{at.port}/"))

    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_a_tunnel_carries_both_ways() -> None:
    async with site(answered(b"through")) as at, allowing(at) as proxy:
        connect = f"CONNECT a.example:{at.port} HTTP/1.1\r\n\r\n".encode()
        answer = await raw(proxy, connect, more=get("/inner", "Connection: close", "Host: b"), seconds=5)

    assert at.first_lines == ["GET /inner HTTP/1.1"]
    assert answer.endswith(b"through")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "localhost", "metadata.google.internal", "b.example"],
)
async def test_what_leads_inside_is_refused_and_counted(host: str) -> None:
    async with site(answered()) as at, allowing(at) as proxy:
        absolute = await raw(proxy, get(f"http://{host}/"))
        tunnel = await raw(proxy, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())

    assert absolute.startswith(b"HTTP/1.1 403 ")
    assert tunnel.startswith(b"HTTP/1.1 403 ")
    assert (proxy.denials, proxy.carried, at.asked) == (2, 0, [])
    assert [one.url for one in proxy.denied] == [f"http://{host}/", f"https://{host}:443/"]


async def test_one_private_answer_makes_all_suspect() -> None:
    async def mixed(name: str) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    async with filtering_proxy(lookup=mixed) as proxy:
        answer = await raw(proxy, get("http://a.example/"))

    assert b"a.example leads to 10.0.0.5" in answer


async def test_an_allowed_name_does_not_lead_to_metadata() -> None:
    async def metadata(name: str) -> list[str]:
        return ["169.254.169.254"]

    async with filtering_proxy(frozenset({"a.internal"}), lookup=metadata) as proxy:
        assert (await raw(proxy, get("http://a.internal/"))).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET https://a.example/ HTTP/1.1\r\n\r\n",
        b"GET ftp://a.example/ HTTP/1.1\r\n\r\n",
        b"GET http:///a HTTP/1.1\r\n\r\n",
        b"GET  http://a.example/ HTTP/1.1\r\n\r\n",
        b"GET http://a.example/ HTTP/2\r\n\r\n",
        b"CONNECT a.example HTTP/1.1\r\n\r\n",
        b"CONNECT b@a.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a.example:443/b HTTP/1.1\r\n\r\n",
        b"POST http://a.example/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST http://a.example/ HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        b"GET http://a.example/ HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_two_readers_may_read_differently_is_passed_on_to_nobody(sent: bytes) -> None:
    async with filtering_proxy(frozenset({"a.example"}), lookup=leads_here) as proxy:
        answer = await raw(proxy, sent)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert proxy.carried == 0


@pytest.mark.parametrize(
    "said", [b"nonsense\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\r\nA b\r\n\r\n"]
)
async def test_what_is_no_answer_is_not_passed_back(said: bytes) -> None:
    async with site(lambda _: said) as at, allowing(at) as proxy:
        answer = await raw(proxy, get(f"http://a.example:{at.port}/"))

    assert answer.startswith(b"HTTP/1.1 502 ")

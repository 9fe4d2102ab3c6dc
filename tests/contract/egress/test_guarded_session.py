"""Getting what users name: redirects are judged one by one, and nothing is told to strangers."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import ClientResponse
from yarl import URL

from infra.runtime.egress.fetch import Answer, Budget, GuardedSession, _next, guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressFailed, EgressRefused, EgressTooLarge
from tests.contract.egress.sites import Site, answered, leads_here, page, site

USUAL = Budget()
STATUSES = [301, 302, 303, 307, 308]


@asynccontextmanager
async def asking(*sites: Site) -> AsyncIterator[GuardedSession]:
    """A session that may ask these sites as a.example, b.example and so on, and nobody else of this machine."""
    allow = frozenset(f"{letter}.example:{one.port}" for letter, one in zip("abc", sites, strict=False))
    async with guarded_session(Guard(allow=allow, lookup=leads_here)) as session:
        yield session


async def fetched(session: GuardedSession, url: str, budget: Budget = USUAL, **headers: str) -> tuple[Answer, bytes]:
    async with session.get(url, headers=headers, budget=budget) as answer:
        return answer, await answer.read()


def redirect(to: str, *, status: int = 302) -> bytes:
    return page(b"", status=f"{status} Elsewhere", headers=f"Location: {to}\r\n")


def counting(make: Callable[[int], bytes]) -> Callable[[bytes], bytes]:
    turns = itertools.count()
    return lambda _: make(next(turns))


async def test_an_answer_is_told_whole() -> None:
    async with site(answered(b"body", headers="X-A: b\r\n")) as at, asking(at) as session:
        answer, body = await fetched(session, f"http://a.example:{at.port}/p")

    assert (body, answer.status, answer.headers["x-a"]) == (b"body", 200, "b")
    assert answer.url == f"http://a.example:{at.port}/p"
    assert b"Accept-Encoding: identity\r\n" in at.asked[0]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://localhost:{port}/",
        "http://b.example:{port}/",
        "http://c.example/",
        "http://u:p@a.example:{port}/",
        "http://a.example\\@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "ftp://a.example/",
        "data:text/plain,a",
    ],
)
async def test_a_redirect_that_leads_inside_is_not_followed(status: int, to: str) -> None:
    async with site(counting(lambda _: redirect(to.format(port=at.port), status=status))) as at, asking(at) as session:
        with pytest.raises(EgressRefused):
            await fetched(session, f"http://a.example:{at.port}/")

    assert len(at.asked) == 1


@pytest.mark.parametrize("status", STATUSES)
async def test_control_one_that_leads_to_a_public_site_is(status: int) -> None:
    def away(_: bytes) -> bytes:
        return redirect(f"http://b.example:{there.port}/x", status=status)

    async with site(answered()) as there, site(away) as at, asking(at, there) as session:
        answer, body = await fetched(session, f"http://a.example:{at.port}/")

    assert (answer.url, body) == (f"http://b.example:{there.port}/x", b"here")


async def test_five_redirects_are_followed() -> None:
    script = counting(lambda turn: page() if turn == 5 else redirect(f"/{turn}"))
    async with site(script) as at, asking(at) as session:
        _, body = await fetched(session, f"http://a.example:{at.port}/")

    assert (body, len(at.asked)) == (b"here", 6)


async def test_a_sixth_is_not() -> None:
    async with site(counting(lambda turn: redirect(f"/{turn}"))) as at, asking(at) as session:
        with pytest.raises(EgressRefused, match="more than 5 redirects"):
            await fetched(session, f"http://a.example:{at.port}/")

    assert len(at.asked) == 6


async def test_https_does_not_lead_to_http() -> None:
    answer = SimpleNamespace(status=302, headers={"Location": "http://a.example/"})

    with pytest.raises(EgressRefused, match="from https:// to http://"):
        _next(URL("https://a.example/"), cast("ClientResponse", answer))
    assert _next(URL("http://a.example/"), cast("ClientResponse", answer)) == URL("http://a.example/")


async def test_a_refresh_header_is_not_followed() -> None:
    script = answered(headers="Refresh: 0;url=http://127.0.0.1/\r\n")
    async with site(script) as at, asking(at) as session:
        answer, _ = await fetched(session, f"http://a.example:{at.port}/")

    assert answer.status == 200


async def test_credentials_stay_with_the_host_they_were_for() -> None:
    mine = {"Authorization": "Bearer secret", "Cookie": "a=secret", "X-Api-Key": "secret", "Accept": "text/plain"}

    def away(_: bytes) -> bytes:
        return redirect(f"http://b.example:{there.port}/")

    async with site(answered()) as there, site(away) as at, asking(at, there) as session:
        await fetched(session, f"http://a.example:{at.port}/", **mine)

    assert at.asked[0].count(b"secret") == 3
    assert b"secret" not in there.asked[0]
    assert b"Accept: text/plain" in there.asked[0]


async def test_on_the_same_host_they_are_kept() -> None:
    script = counting(lambda turn: page() if turn else redirect("/again"))
    async with site(script) as at, asking(at) as session:
        await fetched(session, f"http://a.example:{at.port}/", Authorization="Bearer secret")

    assert [b"secret" in one for one in at.asked] == [True, True]


async def test_cookies_of_one_answer_are_not_sent_with_the_next_request() -> None:
    async with site(answered(headers="Set-Cookie: a=b\r\n")) as at, asking(at) as session:
        for _ in range(2):
            await fetched(session, f"http://a.example:{at.port}/")

    assert not any(b"Cookie" in one for one in at.asked)


async def test_a_name_that_changes_its_mind_is_connected_to_by_what_was_judged() -> None:
    turns = itertools.count()
    refused = 0

    async def rebinding(name: str) -> list[str]:
        return ["169.254.169.254" if next(turns) % 2 else "127.0.0.1"]  # the second is allowed, the first never is

    async with (
        site(answered(headers="Connection: close\r\n")) as at,
        guarded_session(Guard(allow=frozenset({"a.example"}), lookup=rebinding)) as session,
    ):
        for _ in range(100):
            try:
                await fetched(session, f"http://a.example:{at.port}/")
            except EgressRefused:
                refused += 1

    assert (refused, len(at.asked), next(turns)) == (50, 50, 100)


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(answered(b"proxied")) as proxy, site(answered(b"direct")) as at, asking(at) as session:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        _, body = await fetched(session, f"http://a.example:{at.port}/")

    assert (body, proxy.asked) == (b"direct", [])


async def test_more_bytes_than_wanted_are_not_read() -> None:
    async with site(answered(b"x" * 300_000)) as at, asking(at) as session:
        with pytest.raises(EgressTooLarge):
            await fetched(session, f"http://a.example:{at.port}/", Budget(bytes=100_000))


async def test_a_drip_is_not_waited_for() -> None:
    async with site(lambda _: page(b"x" * 99)[:-50]) as at, asking(at) as session:
        with pytest.raises(EgressFailed, match="in time"):
            await fetched(session, f"http://a.example:{at.port}/", Budget(seconds=0.2))


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
async def test_a_broken_answer_is_a_failure_that_passes(said: bytes) -> None:
    async with site(lambda _: said) as at, asking(at) as session:
        with pytest.raises(EgressFailed) as failed:
            await fetched(session, f"http://a.example:{at.port}/", Budget(seconds=0.3))

    assert failed.value.retryable

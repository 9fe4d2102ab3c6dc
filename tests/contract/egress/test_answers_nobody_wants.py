"""What a session that users name hosts to does not take: bombs, spellings with two readings, endless redirects."""

import gzip

import pytest

from infra.runtime.egress.denials import counts
from infra.runtime.egress.fetch import Budget, guarded_session
from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressRefused, EgressTooLarge
from tests.contract.egress.sites import Site, answered, leads_here, site


async def fetched(at: Site, path: str, budget: Budget) -> bytes:
    """The body of a path of a site that may be asked, and no other of this machine."""
    guard = Guard(allow=frozenset({f"a.example:{at.port}"}), lookup=leads_here)
    async with (
        guarded_session(guard) as session,
        session.get(f"http://a.example:{at.port}{path}", budget=budget) as got,
    ):
        return await got.read()


@pytest.mark.parametrize(("most", "taken"), [(100_000, True), (99_999, False)])
async def test_bytes_count_as_they_come_out_of_what_compressed_them(most: int, *, taken: bool) -> None:
    packed = gzip.compress(bytes(100_000))
    assert len(packed) < 1000
    async with site(answered(packed, headers="Content-Encoding: gzip\r\n")) as at:
        if taken:
            assert len(await fetched(at, "/", Budget(bytes=most))) == most
        else:
            with pytest.raises(EgressTooLarge):
                await fetched(at, "/", Budget(bytes=most))


@pytest.mark.parametrize("path", ["/a b", "/a\tb", "/a\nb", "/a\x00", "\\a", "/\\a", "/a\u2028b"])
async def test_a_url_that_readers_differ_about_is_asked_of_nobody(path: str) -> None:
    async with site(answered()) as at:
        with pytest.raises(EgressRefused):
            await fetched(at, path, Budget())

    assert at.asked == []


async def test_control_what_is_escaped_is_asked_for() -> None:
    async with site(answered()) as at:
        await fetched(at, "/a%20b%5C", Budget())

    assert at.first_lines == ["GET /a%20b%5C HTTP/1.1"]


async def test_redirects_without_an_end_are_counted_as_refused_once() -> None:
    before = counts()["request"]
    async with site(answered(status="302 Elsewhere", headers="Location: /again\r\n")) as at:
        with pytest.raises(EgressRefused, match="more than 5 redirects"):
            await fetched(at, "/", Budget())

    assert (len(at.asked), counts()["request"] - before) == (6, 1)

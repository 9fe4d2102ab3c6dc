"""Whoever asks after the judge must read a URL as the judge did: another reading is how requests are smuggled."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from infra.runtime.egress.destination import Destination, destination
from infra.runtime.egress.refused import EgressRefused

SIGNS = ["//", "/", "\\", "@", ":", "?", "#", ".", "..", "%", "%2e", "%00", "[", "]", ";", "&", "_", "-"]
SPACES = [
    " ",
    "\t",
    "\r\n",
    "\0",
    "\N{IDEOGRAPHIC FULL STOP}",
    "\N{FULLWIDTH LATIN SMALL LETTER A}",
    "\N{CIRCLED DIGIT ONE}",
]
HOSTS = ["example.com", "a.example", "10.0.0.5", "127.1", "2130706433", "0x7f.1", "8.8.8.8", "localhost", "a", "0"]
PIECES = [*SIGNS, *SPACES, *HOSTS, "http://", "https://", "HTTP://", "[::1]", "[2606:4700::1]", "80", "443", "8080"]
URLS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)


def read(url: str) -> Destination | None:
    try:
        return destination(url)
    except EgressRefused:
        return None


@settings(max_examples=2000)
@given(url=st.one_of(URLS, URLS.map("http://{}".format), URLS.map("http://example.com{}".format)))
@example("http://example.com:80/@10.0.0.5")
@example("http://134744072/")
def test_what_is_let_through_is_read_alike_by_who_asks(url: str) -> None:
    there = read(url)
    if there is None:
        return
    other = URL(url)

    assert (other.scheme, other.port) == (there.scheme, there.port)
    assert read(str(other)) == there
    if there.literal is None:
        assert (other.raw_host or "").rstrip(".") == there.host


@settings(max_examples=500)
@given(text=st.text(max_size=30))
def test_any_text_is_judged_and_nothing_else_is_raised(text: str) -> None:
    for url in (text, f"http://{text}", f"http://example.com{text}", f"http://[{text}]/"):
        read(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com[2606:4700::1]/",
        "http://[2606:4700::1]example.com/",
        "http://example.com\\@10.0.0.5/",
        "http://[2606:4700::1]http://",
    ],
)
def test_control_readers_do_differ_about_what_is_refused(url: str) -> None:
    assert read(url) is None
    assert urlsplit(url).hostname
    with pytest.raises(ValueError, match=r"\S"):
        URL(url)

"""Where URLs lead, in every spelling that some reader of URLs takes for an address."""

import pytest

from infra.runtime.egress.allow import allowed
from infra.runtime.egress.destination import destination
from infra.runtime.egress.refused import EgressRefused

LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0X7F.1",
    "0177.0.0.1",
    "017700000001",
    "0177.1",
    "127.0.0.1.",
    "127.000.000.001",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
]
INNER = [
    "0",
    "0.0.0.0",
    "[::]",
    "10.0.0.5",
    "167772165",
    "0xa.5",
    "012.0.0.5",
    "169.254.169.254",
    "2852039166",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[2606:4700::1%25eth0]",
    "172.16.0.1",
    "192.168.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "a.localhost",
    "metadata",
    "metadata.google.internal",
    "metadata.google.internal.",
    "printer.local",
]
UNREADABLE = [
    "127。0。0。1",
    "①②⑦.0.0.1",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.example.com",
    "256.1.1.1",
    "1.2.3.4.5",
    "0x",
    "08.8.8.8",
    "1.2.3.0xg.0x",
    "4294967296",
    "[::1",
    "[::g]",
    "[1.2.3.4]",
    "-a.example",
    "a..example",
    ".example.com",
    "a" * 64 + ".example",
    "exa mple.com",
    "exa\tmple.com",
    "example.com\r\nHost: a",
]
URLS = [
    "",
    "example.com",
    "//example.com/",
    "http:",
    "http:///path",
    "http:example.com",
    "ftp://example.com/",
    "file:///etc/passwd",
    "data:text/html,a",
    "view-source:http://example.com/",
    "chrome://settings/",
    "blob:http://example.com/a",
    "javascript:alert(1)",
    "gopher://example.com/",
    "ws://example.com/",
    "http://a@example.com/",
    "http://a:b@example.com/",
    "http://@example.com/",
    "http://example.com@10.0.0.5/",
    "http://example.com\\@10.0.0.5/",
    "http://10.0.0.5\\@example.com/",
    "http://10.0.0.5#@example.com/",
    "http://10.0.0.5?@example.com/",
    "http://example.com:0/",
    "http://example.com:22/",
    "http://example.com:8080/",
    "http://example.com:65536/",
    "http://example.com:-1/",
    "http://example.com:a/",
    " http://example.com/",
    "\thttp://example.com/",
    "http://example.com/\0",
    "http://example.com/" + "a" * 8192,
]


@pytest.mark.parametrize("host", LOOPBACK + INNER + UNREADABLE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_an_inner_host_is_taken(scheme: str, host: str) -> None:
    with pytest.raises(EgressRefused):
        destination(f"{scheme}://{host}/")


@pytest.mark.parametrize("url", URLS)
def test_no_other_kind_of_url_is_taken(url: str) -> None:
    with pytest.raises(EgressRefused):
        destination(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://example.com", "example.com", 80),
        ("https://example.com/a?b=c#d", "example.com", 443),
        ("HTTPS://Example.COM.:443/", "example.com", 443),
        ("http://example.com:443/", "example.com", 443),
        ("http://xn--mller-kva.de/", "xn--mller-kva.de", 80),
        ("http://a_b.example.com/", "a_b.example.com", 80),
        ("http://8.8.8.8/", "8.8.8.8", 80),
        ("http://134744072/", "8.8.8.8", 80),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443),
        ("http://1.example.com/", "1.example.com", 80),
        ("http://example.com/@10.0.0.5", "example.com", 80),
    ],
)
def test_public_hosts_are_taken_in_their_one_spelling(url: str, host: str, port: int) -> None:
    there = destination(url)

    assert (there.host, there.port) == (host, port)


@pytest.mark.parametrize("host", LOOPBACK)
def test_one_spelling_that_is_allowed_does_not_let_others_in(host: str) -> None:
    with pytest.raises(EgressRefused):
        destination(f"http://{host}/", allowed("10.0.0.5, localhost, 127.0.0.1:81"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:81/", "http://127.1:81/", "http://2130706433:81/"])
def test_an_allowed_host_is_allowed_however_it_is_spelled(url: str) -> None:
    assert destination(url, allowed("127.0.0.1:81")).allowed


@pytest.mark.parametrize(
    ("allow", "url", "taken"),
    [
        ("10.0.0.5", "http://10.0.0.5:8080/", True),
        ("10.0.0.5", "http://10.0.0.6:8080/", False),
        ("wiki.internal", "https://wiki.internal/", True),
        ("Wiki.Internal.", "https://wiki.internal/", True),
        ("wiki.internal", "https://a.wiki.internal/", False),
        ("wiki.internal:81", "http://wiki.internal:82/", False),
        ("example.com:8080", "http://example.com:8080/", True),
        ("[::1]:81", "http://[0:0::1]:81/", True),
        ("[::1]:81", "http://[::1]/", False),
        ("", "http://10.0.0.5/", False),
    ],
)
def test_only_what_the_operator_named_is_let_in(allow: str, url: str, *, taken: bool) -> None:
    if taken:
        assert destination(url, allowed(allow)).allowed
    else:
        with pytest.raises(EgressRefused):
            destination(url, allowed(allow))


@pytest.mark.parametrize("entry", ["http://a", "a/b", "a b", "a@b", "*", "[::1", "a:b", "a:0", "10.0.0.0/8"])
def test_what_is_no_host_cannot_be_allowed(entry: str) -> None:
    with pytest.raises(ValueError, match="separated by commas"):
        allowed(f"example.com, {entry}")

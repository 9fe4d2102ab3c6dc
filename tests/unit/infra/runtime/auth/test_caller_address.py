"""Where a request came from, as far as that can be believed."""

import pytest

from infra.runtime.auth.address import caller_address

PROXY = "169.254.1.1"


def address(*forwarded: str, proxies: int, client: str = PROXY) -> str:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return caller_address({"headers": headers, "client": (client, 4711)}, trusted_proxies=proxies)


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        ((), 0, PROXY),
        (("192.0.2.1",), 0, PROXY),
        (("192.0.2.1",), 1, "192.0.2.1"),
        (("made up, 192.0.2.1",), 1, "192.0.2.1"),
        (("made up", "192.0.2.1, 198.51.100.7"), 2, "192.0.2.1"),
        (("192.0.2.1",), 2, PROXY),
        ((" , ",), 1, PROXY),
    ],
)
def test_only_what_proxies_of_ours_noted_counts(forwarded: tuple[str, ...], proxies: int, found: str) -> None:
    assert address(*forwarded, proxies=proxies) == found


@pytest.mark.parametrize(
    ("client", "found"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_network_of_one_owner_is_one_address(client: str, found: str) -> None:
    assert address(proxies=0, client=client) == found


def test_a_connection_without_an_address_is_one_too() -> None:
    assert caller_address({"headers": [], "client": None}, trusted_proxies=0) == ""

"""Which addresses are of the internet: every range of IANA's special registries, and whatever hypothesis thinks of."""

import csv
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.runtime.egress.address import inner_name, public

with (Path(__file__).parent / "special_ranges.csv").open() as file:
    SPECIAL = [ipaddress.ip_network(row["block"]) for row in csv.DictReader(file)]

INTERNET = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2600::1",
    "2a00:1450:4001::1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
]
CARRYING = ["::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}"]
"""IPv6 addresses that carry one of IPv4."""


@pytest.mark.parametrize("address", INTERNET)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("block", SPECIAL, ids=str)
def test_no_address_of_a_special_range_is_public(block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    for address in (block[0], block[-1], block[block.num_addresses // 2]):
        assert not public(address)


@pytest.mark.parametrize("block", SPECIAL, ids=str)
@settings(max_examples=20)
@given(data=st.data())
def test_nor_is_any_other_of_it(block: ipaddress.IPv4Network | ipaddress.IPv6Network, data: st.DataObject) -> None:
    assert not public(block[data.draw(st.integers(0, block.num_addresses - 1))])


@given(address=st.ip_addresses(v=4))
def test_an_address_outside_of_all_special_ranges_is_public(address: ipaddress.IPv4Address) -> None:
    assert public(address) is not any(address in block for block in SPECIAL if block.version == 4)


@given(address=st.ip_addresses(v=6))
def test_public_addresses_of_ipv6_are_global_unicast(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped is None and public(address):
        assert address in ipaddress.ip_network("2000::/3")
        assert not any(address in block for block in SPECIAL if block.version == 6)


@pytest.mark.parametrize("first", range(256))
def test_each_eighth_of_ipv4_is_judged_as_the_registry_says(first: int) -> None:
    for address in (ipaddress.IPv4Address(f"{first}.0.0.0"), ipaddress.IPv4Address(f"{first}.255.255.255")):
        assert public(address) is not any(address in block for block in SPECIAL if block.version == 4)


@pytest.mark.parametrize("pattern", CARRYING)
@given(inner=st.sampled_from([block for block in SPECIAL if block.version == 4]))
def test_a_private_address_inside_another_is_private(pattern: str, inner: ipaddress.IPv4Network) -> None:
    assert not public(pattern.format(inner[-1]))


@pytest.mark.parametrize("zone", ["fe80::1%eth0", "::1%lo", "fd00::1%2"])
def test_a_zone_changes_nothing(zone: str) -> None:
    assert not public(zone)


def test_control_python_alone_would_let_some_of_them_through() -> None:
    assert [str(block) for block in SPECIAL if block[-1].is_global] != []


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "2130706433", "8.8.8.8:80"])
def test_what_is_no_address_is_not_judged(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        public(text)


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "metadata",
        "metadata.google.internal",
        "printer.local",
        "kubernetes.default.svc.cluster.local",
        "nas.home.arpa",
        "git.corp",
        "router.lan.",
    ],
)
def test_names_of_networks_are_inner(name: str) -> None:
    assert inner_name(name)


@pytest.mark.parametrize("name", ["example.com", "internal.example.com", "local.example.", "notlocalhost.example"])
def test_others_are_not(name: str) -> None:
    assert not inner_name(name)

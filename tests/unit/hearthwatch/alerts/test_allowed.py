from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.alerts.allowed import Allowed, is_public
from hearthwatch.errors import AlertError

PUBLIC = [
    "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
    "169.253.255.255", "192.0.1.1", "198.17.255.255", "223.255.255.255", "2606:4700::1111",
    "2a00:1450:4001::5", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2606:4700::5efe:1.1.1.1",
]  # fmt: skip
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "100.100.100.200",
    "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.0.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1.1.1.1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
    "2002:101:101::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:a00:1",
    "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_may_be_called(address):
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_the_same_in_every_dress(address: IPv4Address):
    assert is_public(IPv6Address(f"::ffff:{address}")) == is_public(address)
    assert is_public(IPv6Address(f"64:ff9b::{address}")) == is_public(address)


@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_public(address):
    if is_public(address) and address not in ip_network_of_nat64():
        mapped = address.ipv4_mapped if address.version == 6 else None
        address = mapped or address
        assert not (address.is_private or address.is_loopback or address.is_link_local)
        assert not (address.is_multicast or address.is_reserved or address.is_unspecified)


def ip_network_of_nat64():
    from ipaddress import ip_network

    return ip_network("64:ff9b::/96")


def test_a_host_on_the_list_may_be_inside_but_never_where_metadata_are():
    allowed = Allowed.of(["Hooks.lan"])
    for inside in ("10.0.0.1", "127.0.0.1", "192.168.3.4", "100.64.1.1", "::1", "fd12::1"):
        assert allowed.permits("hooks.lan", ip_address(inside))
        assert not allowed.permits("other.lan", ip_address(inside))
    for never in ("169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "fd00:ec2::254",
                  "100.100.100.200", "::ffff:169.254.169.254"):  # fmt: skip
        assert not allowed.permits("hooks.lan", ip_address(never))


def test_a_network_on_the_list_holds_for_every_name_and_in_every_dress():
    allowed = Allowed.of(["10.1.0.0/16", "fd12::/64", "192.168.0.9"])
    assert allowed.permits("a.example", ip_address("10.1.2.3"))
    assert allowed.permits("a.example", ip_address("::ffff:10.1.2.3"))
    assert allowed.permits("a.example", ip_address("192.168.0.9"))
    assert allowed.permits("a.example", ip_address("fd12::5"))
    assert not allowed.permits("a.example", ip_address("10.2.0.1"))
    assert not allowed.permits("a.example", ip_address("192.168.0.8"))


def test_without_encryption_go_only_listed_names_and_addresses_written_as_such():
    allowed = Allowed.of(["hooks.lan", "10.1.0.0/16"])
    assert allowed.permits_plain("hooks.lan")
    assert allowed.permits_plain("10.1.2.3")
    assert not allowed.permits_plain("10.2.2.3")
    assert not allowed.permits_plain("a.example")
    assert not allowed.permits_plain("1.1.1.1")


@pytest.mark.parametrize(
    "entry",
    ["0.0.0.0/0", "::/0", "10.1.2.3/8", "http://hooks.lan", "hooks.lan:80", "", "a b", "127.1",
     "0x7f000001", "*.lan", "-"],
)  # fmt: skip
def test_an_entry_that_means_nothing_or_everything_is_refused(entry):
    with pytest.raises(AlertError):
        Allowed.of(["hooks.lan", entry])

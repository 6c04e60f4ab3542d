"""Which machines may be told: public ones, and those that the operator lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from hearthwatch.errors import AlertError

Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Our own list of what is not public, by IANA's registries of special addresses: that of the
# standard library changed between patch releases of one Python.
_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this machine
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by customers of one carrier
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols; Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: every one stands for an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})

# What a host that is listed by its name may have: no link-local address, where metadata are.
_INSIDE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "::1/128",
            "fc00::/7",
        ),
    )
)
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")


def is_public(address: Ip) -> bool:
    """Tell whether an address is of the public network, by itself and by all that it stands for."""
    address = _plain(address)
    if isinstance(address, IPv4Address):
        return not _within(address, _NOT_PUBLIC_4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _GLOBAL_6 or _within(address, _NOT_PUBLIC_6):
        return False
    low = int(address) & 0xFFFFFFFFFFFFFFFF
    return low >> 32 not in _ISATAP or is_public(IPv4Address(low & 0xFFFFFFFF))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows beyond encrypted calls to public addresses.

    Attributes
    ----------
    hosts : frozenset of str
        Names, in lower case, that may have private and loopback addresses and be called without
        encryption.
    networks : tuple of networks
        Whatever lies in them may be called; without encryption where the address is written as
        such and not as a name.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Allowed:
        """Return what a list of names, addresses and networks allows.

        Raises
        ------
        AlertError
            An entry is none of them, or holds every address there is.
        """
        hosts, networks = set(), []
        for entry in entries:
            network = _network(entry)
            if network is not None:
                networks.append(network)
            elif _NAME.fullmatch(entry.lower()) and not is_number(entry):
                hosts.add(entry.lower())
            else:
                raise AlertError(
                    f"{entry!r} cannot be allowed: give the name of a host, an address or a "
                    "network such as 10.1.0.0/16, without a port"
                )
        return cls(frozenset(hosts), tuple(networks))

    def permits(self, host: str, address: Ip) -> bool:
        """Tell whether `host` may be called at one of its addresses."""
        address = _plain(address)
        if is_public(address) or _within(address, self.networks):
            return True
        return host in self.hosts and _within(address, _INSIDE) and address not in _METADATA

    def permits_plain(self, host: str) -> bool:
        """Tell whether `host`, a name or an address, may be called without encryption."""
        address = as_address(host)
        return host in self.hosts if address is None else _within(_plain(address), self.networks)


def as_address(host: str) -> Ip | None:
    """Return the address that a host is written as; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_name(host: str) -> bool:
    """Tell whether a host in lower case has the form of a name."""
    return _NAME.fullmatch(host) is not None and not is_number(host)


def is_number(host: str) -> bool:
    """Tell whether a host ends as only a number may: ``127.1``, ``0x7f.1``, ``2130706433``."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return re.fullmatch(r"\d+|0x[0-9a-f]*", last, re.ASCII) is not None


def _plain(address: Ip) -> Ip:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: Ip, networks: Iterable[Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)


def _network(entry: str) -> Network | None:
    try:
        network = ip_network(entry)
    except ValueError:
        return None
    if not network.prefixlen:
        raise AlertError(f"{entry} is every address there is: it cannot be allowed")
    return network

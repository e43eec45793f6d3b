"""Which addresses the hub may call: public ones, and what a registration allows beside them.

A registration says where its system stands, so without this whoever may register could have the hub
call whatever it can reach: its own machine, its neighbours, the cloud's metadata. The same rule is
asked twice: over the address as it is spelled, when something is registered, and over the address
that a name was resolved to, when a connection is made to exactly that address. Pure.

Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890, RFC 8190) as of
2025, and what the large clouds publish of their metadata services.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from hub.errors import Halt

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# Never called, whatever a registration allows: no system stands there.
_NEVER = (
    ("a cloud's metadata", "169.254.169.254/32"),
    ("a cloud's metadata", "169.254.170.2/32"),
    ("a cloud's metadata", "169.254.170.23/32"),
    ("a cloud's metadata", "100.100.100.200/32"),
    ("a cloud's metadata", "168.63.129.16/32"),
    ("a cloud's metadata", "192.0.0.192/32"),
    ("a cloud's metadata", "fd00:ec2::/32"),
    ("a cloud's metadata", "fd20:ce::254/128"),
    ("no address of a host", "0.0.0.0/8"),
    ("no address of a host", "::/128"),
    ("multicast", "224.0.0.0/4"),
    ("multicast", "ff00::/8"),
    ("broadcast", "255.255.255.255/32"),
)
_SPECIAL = (
    ("loopback", "127.0.0.0/8"),
    ("loopback", "::1/128"),
    ("private", "10.0.0.0/8"),
    ("private", "172.16.0.0/12"),
    ("private", "192.168.0.0/16"),
    ("private", "fc00::/7"),
    ("private", "fec0::/10"),  # site-local, until RFC 3879
    ("link-local", "169.254.0.0/16"),
    ("link-local", "fe80::/10"),
    ("a carrier's own", "100.64.0.0/10"),
    ("for protocols", "192.0.0.0/24"),
    ("for protocols", "192.88.99.0/24"),
    ("for protocols", "2001::/23"),  # Teredo, ORCHID, benchmarking
    ("for protocols", "64:ff9b:1::/48"),  # NAT64 of a network's own, RFC 8215
    ("for documents", "192.0.2.0/24"),
    ("for documents", "198.51.100.0/24"),
    ("for documents", "203.0.113.0/24"),
    ("for documents", "2001:db8::/32"),
    ("for documents", "3fff::/20"),
    ("for benchmarks", "198.18.0.0/15"),
    ("reserved", "240.0.0.0/4"),
)
_GLOBAL = IPv6Network("2000::/3")  # all that is given out of IPv6
_LOW = (1 << 32) - 1
# IPv6 addresses that only carry an IPv4 address: their prefix, and how far left that stands.
_CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated, RFC 2765
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
    (IPv6Network("::/96"), 0),  # IPv4-compatible, RFC 4291 2.5.5.1
)
_PART = re.compile(r"0[xX](?P<hex>[0-9a-fA-F]+)|0(?P<octal>[0-7]*)|(?P<decimal>[1-9][0-9]*)")


class Reach:
    """What may be called. Made by `reach`: the same networks give the same object.

    So it is compared by identity and costs nothing where connections are looked up by it.
    """

    __slots__ = ("_allowed",)

    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed

    def refusal(self, ip: str) -> str | None:
        """What kind of address `ip` (canonical, as a resolver gives it) is that may not be called.

        "loopback", "a cloud's metadata" …; None where it may.
        """
        address = _meant(ip_address(ip))
        kind = _first(address, _NEVER_NETWORKS)
        if kind is not None:
            return kind
        kind = _first(address, _SPECIAL_NETWORKS)
        if kind is None and isinstance(address, IPv6Address) and address not in _GLOBAL:
            kind = "not given to anybody"
        if kind is None or any(address in network for network in self._allowed):
            return None
        return kind

    def refusal_of_host(self, host: str) -> str | None:
        """The same for a host as it is spelled in a URL, without brackets; nothing is resolved.

        None also for a name of which only a resolver can tell.
        """
        ip = spelled(host)
        return None if ip is None else self.refusal(ip)


@lru_cache(maxsize=1_024)
def reach(allowed: tuple[str, ...]) -> Reach:
    """Public addresses, and those in these networks ("10.20.0.0/16", "127.0.0.1").

    Raises Halt for a text that is no network.
    """
    return Reach(tuple(network(text) for text in allowed))


def network(text: str) -> Network:
    """A CIDR block, or one address. Raises Halt for any other text."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise Halt(
            f"'{text[:60]}' is no network: {str(error).removeprefix(repr(text)).strip()}",
            where="allow_addresses",
            fix="write blocks such as 10.20.0.0/16",
        ) from error


def spelled(host: str) -> str | None:
    """The address that a host spells, canonical; None for a name.

    Takes what a resolver takes for an address without asking anybody (getaddrinfo, inet_aton): one
    to four numbers, decimal, octal or hexadecimal, the last one filling the rest of the 32 bits.
    `localhost` and what is below it are this machine (RFC 6761 section 6.3).
    """
    bare = host.strip("[]").removesuffix(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(bare))
    except ValueError:
        return _numbers(bare)


def _numbers(host: str) -> str | None:
    found = [_PART.fullmatch(part) for part in host.split(".")]
    if len(found) > 4 or not all(found):  # noqa: PLR2004 - bytes of an IPv4 address
        return None
    numbers = [_number(part) for part in found if part]
    *leading, last = numbers
    room = 1 << 8 * (4 - len(leading))  # the last part fills the bytes that are left
    if any(number >> 8 for number in leading) or last >= room:
        return None
    value = last
    for index, number in enumerate(leading):
        value += number << 8 * (3 - index)
    return str(IPv4Address(value))


def _number(part: re.Match[str]) -> int:
    if part["hex"] is not None:
        return int(part["hex"], 16)
    if part["decimal"] is not None:
        return int(part["decimal"][:20])  # more digits than fit are too many as well
    return int(part["octal"] or "0", 8)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries; else the same."""
    if isinstance(address, IPv4Address):
        return address
    bits = int(address)
    if bits in (0, 1):  # `::` and `::1` carry nothing
        return address
    for prefix, left in _CARRIERS:
        if address in prefix:
            return IPv4Address((bits >> left) & _LOW)
    return address


def _first(address: Address, networks: Iterable[tuple[str, Network]]) -> str | None:
    return next((kind for kind, network in networks if address in network), None)


def _read(rows: Sequence[tuple[str, str]]) -> tuple[tuple[str, Network], ...]:
    return tuple((kind, ip_network(text)) for kind, text in rows)


_NEVER_NETWORKS = _read(_NEVER)
_SPECIAL_NETWORKS = _read(_SPECIAL)
PUBLIC = reach(())

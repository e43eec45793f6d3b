"""Which addresses may be called, however they are written. Oracles: ipaddress and the C library."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.endpoint import host_of, parse_endpoint
from adapters.http.reach import PUBLIC, reach, spelled
from hub.errors import Halt

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address)
GIVEN_OUT = st.integers(int(IPv6Address("2000::")), int(IPv6Address("3fff:ffff::"))).map(
    IPv6Address
)
CLOUDS = [
    *("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200"),
    *("168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
]


def carried(address: IPv4Address) -> list[str]:
    """The ways to write an IPv4 address in IPv6."""
    number = int(address)
    return [
        *(str(IPv6Address((0xFFFF << 32) | number)), str(IPv6Address((0xFFFF << 48) | number))),
        str(IPv6Address((0x64FF9B << 96) | number)),
        str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        *([str(IPv6Address(number))] if number > 1 else []),
    ]


def c_library(host: str) -> str | None:
    """What the resolver takes for an address without asking anybody."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(ip_address(str(found[0][4][0])))


@given(V4 | V6 | GIVEN_OUT)
def test_what_is_not_global_is_never_called(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert PUBLIC.refusal(str(address)) is not None


@given(V4)
def test_what_is_global_is_called_but_a_clouds_metadata(address: IPv4Address) -> None:
    anycast = ip_network("192.88.99.0/24")  # 6to4 relays; given back by RFC 7526
    odd = address in anycast or str(address) in CLOUDS or address.is_multicast
    protocols = address in ip_network("192.0.0.0/24")
    if address.is_global and not odd and not protocols:
        assert PUBLIC.refusal(str(address)) is None


@given(V4)
def test_an_address_inside_another_is_judged_as_itself(address: IPv4Address) -> None:
    kind = PUBLIC.refusal(str(address))
    assert {kind} == {PUBLIC.refusal(written) for written in carried(address)}


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1"),
        *("017700000001", "127.0x0.0.01", "[::1]", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"),
        *("::ffff:7f00:1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "localhost"),
        *("LOCALHOST.", "db.localhost", "127.0.0.1.", "::ffff:0:127.0.0.1"),
    ],
)
def test_this_machine_is_known_however_it_is_spelled(host: str) -> None:
    assert PUBLIC.refusal_of_host(host) == "loopback"


@pytest.mark.parametrize("ip", CLOUDS)
def test_metadata_is_never_called_whatever_is_allowed(ip: str) -> None:
    everything = reach(("0.0.0.0/0", "::/0"))
    assert everything.refusal(ip) == "a cloud's metadata"
    if "." in ip:
        assert {"a cloud's metadata"} == {everything.refusal(x) for x in carried(IPv4Address(ip))}


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("0.0.0.0", "no address of a host"),
        ("0.1.2.3", "no address of a host"),
        ("::", "no address of a host"),
        ("255.255.255.255", "broadcast"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
    ],
)
def test_what_is_no_host_is_never_called(ip: str, kind: str) -> None:
    assert reach(("0.0.0.0/0", "::/0")).refusal(ip) == kind


@given(V4 | V6, st.integers(0, 32))
def test_an_allowance_opens_its_network_and_no_more(
    address: IPv4Address | IPv6Address, bits: int
) -> None:
    network = ip_network(f"{address}/{bits}", strict=False)
    opened = reach((str(network),))
    for probe in (network[0], network[-1]):
        never = reach(("0.0.0.0/0", "::/0")).refusal(str(probe))
        if getattr(probe, "ipv4_mapped", None) is None and not _carries(probe):
            assert opened.refusal(str(probe)) == never
    for other in ("10.0.0.1", "fe80::1", "127.0.0.1"):
        if ip_address(other) not in network:
            assert opened.refusal(other) == PUBLIC.refusal(other)


def _carries(address: IPv4Address | IPv6Address) -> bool:
    blocks = ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "2002::/16")
    return any(address in ip_network(block) for block in blocks)


NUMBER = st.integers(0, 2**33).flatmap(
    lambda n: st.sampled_from([str(n), hex(n), f"0{n:o}", hex(n).upper().replace("X", "x")])
)
SMALL = st.integers(0, 300).flatmap(lambda n: st.sampled_from([str(n), hex(n), f"0{n:o}"]))
SPELLING = st.one_of(
    NUMBER,
    st.lists(SMALL, min_size=1, max_size=5).map(".".join),
    st.tuples(SMALL, NUMBER).map(".".join),
    st.text("0123456789abcdefx.:", max_size=12),
    V6.map(str),
    V6.map(lambda address: address.exploded),
)


@given(SPELLING)
def test_a_spelling_is_the_address_that_the_resolver_takes_it_for(host: str) -> None:
    assert spelled(host) == c_library(host) or (
        host.endswith(".") and spelled(host) == c_library(host[:-1])
    )


@given(V4 | V6)
def test_the_canonical_form_stays(address: IPv4Address | IPv6Address) -> None:
    assert spelled(str(address)) == str(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127。0。0。1/",  # ideographic full stops, which IDNA takes for dots
        "http://0x7f.1:80/x",
        "http://[::ffff:7f00:1]/",
        "https://LocalHost./",
    ],
)
def test_it_is_the_host_of_the_call_that_is_looked_at(url: str) -> None:
    assert PUBLIC.refusal_of_host(host_of(url)) == "loopback"
    origin = parse_endpoint(url).origin
    assert (host_of(url), PUBLIC) == (origin.host, origin.reach)


def test_a_name_is_left_to_the_resolver() -> None:
    assert PUBLIC.refusal_of_host("10.example.test") is None
    assert spelled("08.1.1.1") is None


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everything", "", "10.0.0.0/33"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(Halt, match="is no network"):
        reach((text,))

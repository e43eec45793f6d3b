"""Where an entry says that a system stands: what is told about it before anything calls there."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.reach import reach
from hub.registry.addresses import address_misfits

TOKENS = [{"kind": "oauth2", "token_url": "$setting.token_url"}]


def told(endpoint: str, *allowed: str, at: str = "/token") -> list[str]:
    found = address_misfits(endpoint, allowed, TOKENS, {"token_url": at})
    return [f"{'.'.join(map(str, one.path))}: {one.what}" for one in found]


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("http://127.0.0.1:8801/x", "loopback"),
        ("https://localhost/", "loopback"),
        ("http://2130706433/", "loopback"),
        ("http://0x7f.1/", "loopback"),
        ("http://[::ffff:10.0.0.1]/", "private"),
        ("http://[fe80::1]/", "link-local"),
        ("http://169.254.169.254/latest/meta-data", "a cloud's metadata"),
        ("http://[64:ff9b::a9fe:a9fe]/", "a cloud's metadata"),
        ("http://0/", "no address of a host"),
        ("http://255.255.255.255/", "broadcast"),
        ("http://0177.0.0.1/", "a host that cannot be called"),
    ],
)
def test_an_endpoint_that_is_not_public_is_told(endpoint: str, says: str) -> None:
    (found,) = told(endpoint)
    assert found.startswith("endpoint: endpoint")
    assert says in found


def test_what_an_entry_allows_is_no_problem_and_metadata_stays_one() -> None:
    assert told("http://10.20.30.40:8080/x", "10.20.0.0/16") == []
    assert told("http://10.21.30.40:8080/x", "10.20.0.0/16") != []
    assert told("http://peer.example/") == []
    assert "metadata" in told("http://169.254.169.254/", "0.0.0.0/0")[0]


def test_where_the_tokens_come_from_is_looked_at_too() -> None:
    (found,) = told("http://peer.example/", at="http://127.1/token")
    assert found == "settings.token_url: token_url is an address that is loopback"
    assert told("http://peer.example/", "127.0.0.1", at="http://127.1/token") == []


def test_each_text_that_is_no_network_is_told_with_its_place() -> None:
    found = told("http://127.0.0.1/", "10.0.0.1/8", "127.0.0.1", "here")
    assert ["allow_addresses.0", "allow_addresses.2"] == [one.partition(":")[0] for one in found]


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_what_is_told_here_is_what_is_refused_at_the_connection(address: IPv4Address) -> None:
    refused = reach(()).refusal(str(address)) is not None
    assert refused == bool(told(f"http://{address}/")) == bool(told(f"http://{hex(int(address))}/"))

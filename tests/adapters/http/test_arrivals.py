"""Nothing has come exactly as long as the peer said nothing that is not read, on either way."""

import socket
import sys
from collections.abc import Iterator
from select import select
from struct import pack

import pytest

from adapters.http.arrivals import Arrivals

Pair = tuple[socket.socket, socket.socket]
AT_ONCE = pack("ii", 1, 0)  # SO_LINGER: a close becomes a reset


@pytest.fixture(params=[sys.platform, "elsewhere"])
def _platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", request.param)


@pytest.fixture
def pair(_platform: None) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the peer's of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, theirs:
            yield ours, theirs


def read(ours: socket.socket, size: int) -> None:
    """Read all that was sent."""
    while size:
        size -= len(ours.recv(size))


def something_came(ours: socket.socket) -> bool:
    return bool(select([ours], [], [], 5)[0])


def test_bytes_are_noticed_until_they_are_read(pair: Pair) -> None:
    ours, theirs = pair
    arrivals = Arrivals(ours.fileno())
    assert arrivals.nothing()
    theirs.sendall(b"x" * 50_000)
    assert something_came(ours)
    assert not arrivals.nothing()
    read(ours, 50_000)
    assert arrivals.nothing()
    arrivals.close()


@pytest.mark.parametrize("linger", [None, AT_ONCE], ids=["close", "reset"])
def test_an_end_is_noticed(pair: Pair, linger: bytes | None) -> None:
    ours, theirs = pair
    arrivals = Arrivals(ours.fileno())
    if linger is not None:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    theirs.close()
    assert something_came(ours)
    assert not arrivals.nothing()
    arrivals.close()


def test_an_end_right_behind_the_last_bytes_is_noticed(
    pair: Pair,
) -> None:
    """The two may be one segment: the bytes are read, and the end is not seen yet."""
    ours, theirs = pair
    arrivals = Arrivals(ours.fileno())
    theirs.sendall(b"bye")
    theirs.close()
    read(ours, 3)
    assert something_came(ours)
    assert not arrivals.nothing()
    arrivals.close()


def test_who_has_let_go_keeps_nothing_open(pair: Pair) -> None:
    ours, theirs = pair
    arrivals = Arrivals(ours.fileno())
    ours.close()
    arrivals.close()
    theirs.settimeout(5)
    assert b"" == theirs.recv(1)

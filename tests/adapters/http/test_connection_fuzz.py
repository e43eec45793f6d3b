"""Whatever bytes a peer sends, in whatever pieces: an answer or a Retry, never anything else."""

import asyncio
import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.connection import HEAD_BYTES, HEADERS, Connection, Origin, RawAnswer
from hub.errors import Retry

LIMIT = 1_000  # bytes of a body
LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n",
        b"HTTP/1.0 204 No\r\n",
        b"HTTP/1.1 101 X\r\nupgrade: y\r\nconnection: upgrade\r\n",
        b"content-length: 5\r\n",
        b"content-length: 99999999999999999999\r\n",
        b"transfer-encoding: chunked\r\n",
        b"connection: close\r\n",
        b"a: b\r\n" * 40,
        b"\r\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"x" * 2_000,
        b"\x00\xff",
    ]
)
STREAM = st.lists(LINES | st.binary(max_size=40), max_size=12).map(b"".join)


class Wire:
    """A stream that goes nowhere."""

    def __init__(self, plug: socket.socket) -> None:
        self.closed = False
        self._plug = plug

    def write(self, data: bytes) -> None:
        del data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str) -> Any:
        del name
        return self._plug


@pytest.fixture(scope="module")
def plug() -> Iterator[socket.socket]:
    """A socket that nothing comes to."""
    with socket.socket() as made:
        yield made


def outcome(stream: bytes, cuts: list[int], plug: socket.socket, head: bytes) -> object:
    """What the exchange became after the stream came in, in pieces, and the connection ended."""
    loop = asyncio.new_event_loop()
    try:
        wire = Wire(plug)
        connection = Connection(Origin("peer.test", 80), loop)
        connection.connection_made(wire)  # type: ignore[arg-type]  # a stream by its shape
        waiter = connection.ask(head, b"", 10.0, LIMIT)
        edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
        for start, end in pairwise(edges):
            if not wire.closed:
                connection.data_received(stream[start:end])
        connection.connection_lost(None)
        assert waiter.done()
        assert not connection.usable
        return waiter.exception() or waiter.result()
    finally:
        loop.close()


@given(
    STREAM,
    st.lists(st.integers(min_value=0), max_size=6),
    st.sampled_from([b"GET / ", b"HEAD / "]),
)
@settings(max_examples=300)
def test_every_stream_ends_in_an_answer_or_a_retry(
    plug: socket.socket, stream: bytes, cuts: list[int], head: bytes
) -> None:
    found = outcome(stream, cuts, plug, head)
    if isinstance(found, RawAnswer):
        assert 200 <= found.status
        assert len(found.body) <= LIMIT
        assert len(found.headers) <= HEADERS
        assert sum(len(n) + len(v) for n, v in found.headers) <= HEAD_BYTES
    else:
        assert isinstance(found, Retry)
        assert (True, True) == (found.system, found.sent)
        assert found.what


@given(STREAM, st.lists(st.integers(min_value=0), max_size=6))
def test_an_answer_does_not_depend_on_how_its_bytes_were_cut(
    plug: socket.socket, stream: bytes, cuts: list[int]
) -> None:
    whole, cut = (outcome(stream, c, plug, b"GET / ") for c in ([], cuts))
    if isinstance(whole, RawAnswer) or isinstance(cut, RawAnswer):
        assert whole == cut

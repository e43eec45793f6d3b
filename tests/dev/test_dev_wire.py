"""An open port is no broker: only an answer of the right shape counts."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.dev import wire
from hub.dev.wire import Cluster

pytestmark = pytest.mark.process

# Recorded from Apache Kafka 4.4.0.
ANSWER = (
    b"\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x09127.0.0.1\0\0J\x94\xff\xff"
    b"\0\x16MkU3OEVBNTcwNTJENDM2Qg\0\0\0\x01\0\0\0\0"
)
STARTING = b"\0\0\0\x01\0\0\0\0\0\x16MkU3OEVBNTcwNTJENDM2Qg\xff\xff\xff\xff\0\0\0\0"


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server on loopback that says `answer` to whoever connects, then waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


def framed(answer: bytes) -> bytes:
    return len(answer).to_bytes(4, "big") + answer


def test_a_brokers_answer_tells_its_cluster_and_who_takes_part() -> None:
    with answering(framed(ANSWER)) as port:
        cluster = wire.ask("127.0.0.1", port, 5)
    assert Cluster("MkU3OEVBNTcwNTJENDM2Qg", ("127.0.0.1:19092",)) == cluster


def test_a_broker_that_is_still_starting_lists_nobody() -> None:
    assert Cluster("MkU3OEVBNTcwNTJENDM2Qg", ()) == wire.decode(STARTING)


@pytest.mark.parametrize("size", range(len(ANSWER) - 8))
def test_an_answer_cut_short_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=r"cut short|another question"):
        wire.decode(ANSWER[:size])


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(answer: bytes) -> None:
    with suppress(ValueError):
        wire.decode(answer)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0", b"\x7f\xff\xff\xff"]
)
def test_something_else_on_the_port_is_refused(answer: bytes) -> None:
    with answering(answer) as port, pytest.raises(ValueError, match="not from a Kafka"):
        wire.ask("127.0.0.1", port, 5)


@pytest.mark.parametrize("answer", [b"", b"\0\0", b"\0\0\0\x40\0\0"])
def test_one_that_does_not_finish_is_not_waited_for(answer: bytes) -> None:
    with answering(answer) as port, pytest.raises(TimeoutError):
        wire.ask("127.0.0.1", port, 0.2)

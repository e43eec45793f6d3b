"""Knocking at what is no Kafka ends soon and says nothing; what cannot be used is named at once."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from hub.broker.door import WAIT, addresses, look, tls_context
from hub.errors import Halt
from hub.settings import Security

pytestmark = pytest.mark.process

ENOUGH = 4 * WAIT  # seconds; a visit has two waits, the machine may be busy
SASL = Security("SASL_PLAINTEXT", "SCRAM-SHA-512", "hub", "env:HUB_TEST_PASSWORD")


@contextmanager
def listening(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Somebody at host:port who answers the first caller."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                caller, _ = server.accept()
                with caller:
                    caller.recv(1000)
                    answer(caller, over)
            except OSError:  # the caller has gone
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = server.getsockname()
        yield f"{host}:{port}"
        over.set()
        thread.join(5)


def silent(_: socket.socket, over: threading.Event) -> None:
    over.wait(ENOUGH)


def dripping(caller: socket.socket, over: threading.Event) -> None:
    caller.sendall(b"\x00\x00\xff\x00")
    while not over.wait(WAIT / 10):
        caller.sendall(b"\x00")


def boasting(caller: socket.socket, over: threading.Event) -> None:
    caller.sendall(b"\x7f\xff\xff\xff")
    over.wait(ENOUGH)


def talking_http(caller: socket.socket, _: threading.Event) -> None:
    caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def odd_list(caller: socket.socket, _: threading.Event) -> None:
    """SaslHandshake: error 33, and a list that claims more than there is."""
    caller.sendall(b"\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x21\x7f\xff\xff\xff")


@pytest.mark.parametrize(
    ("security", "answer"),
    [
        (Security(), dripping),
        (Security(), boasting),
        (Security(), talking_http),
        (Security("SSL"), silent),
        (SASL, silent),
    ],
)
def test_a_stranger_is_no_finding_and_costs_little(
    security: Security, answer: Callable[[socket.socket, threading.Event], None]
) -> None:
    began = monotonic()
    with listening(answer) as place:
        look(place, security)
    assert monotonic() - began < ENOUGH


def test_nobody_there_is_no_finding() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
    look(f"{host}:{port}", Security())


def test_what_speaks_no_tls_is_named() -> None:
    with listening(talking_http) as place, pytest.raises(Halt, match="TLS") as raised:
        look(place, Security("SSL"))
    assert raised.value.where == "HUB_KAFKA_SECURITY"


def test_a_list_longer_than_its_message_is_read_to_its_end() -> None:
    with listening(odd_list) as place, pytest.raises(Halt, match="it offers none") as raised:
        look(place, SASL)
    assert raised.value.where == "HUB_KAFKA_SASL_MECHANISM"


@pytest.mark.parametrize("text", ["kafka", "kafka:", ":9092", "a:1,", "a:99999", "a:²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Halt, match="is not HOST:PORT"):
        addresses(text)


def test_addresses_are_read() -> None:
    assert addresses("a.example.test:9093, [::1]:9094") == [("a.example.test", 9093), ("::1", 9094)]


@pytest.mark.parametrize("kind", ["missing", "folder", "text"])
def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    place = tmp_path if kind == "folder" else tmp_path / "ca.pem"
    if kind == "text":
        place.write_text("no certificate\n", encoding="ascii")
    with pytest.raises(Halt, match="cannot be used") as raised:
        tls_context(Security("SSL", ca=str(place)))
    assert raised.value.where == "HUB_KAFKA_CA"

"""Asks a Kafka who it is, with one request: an open port alone does not mean that it serves.

A broker lists itself in its metadata only when the controller has let it take part, so this is the
earliest moment at which clients succeed. The cluster's id tells our broker from a stranger's.
"""

import socket
import struct
import time
from dataclasses import dataclass

METADATA = (3, 2)  # key, version; 2 is the first that tells the cluster's id
CORRELATION = 1
CLIENT = b"hub-dev"
LARGEST = 64 * 1024  # bytes; one broker and no topic take about 80


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a broker says about its cluster. `brokers`: host:port of those that take part."""

    id: str
    brokers: tuple[str, ...]


def ask(host: str, port: int, timeout: float) -> Cluster:
    """Ask the broker at host:port; gives up after `timeout` seconds.

    Raises OSError if nobody answers, ValueError if it is not a Kafka. Source: the protocol guide,
    Metadata request version 2, header version 1; no topics.
    """
    body = struct.pack(">hhih", *METADATA, CORRELATION, len(CLIENT)) + CLIENT
    body += struct.pack(">i", 0)
    deadline = time.monotonic() + timeout
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        (size,) = struct.unpack(">i", _receive(connection, 4, deadline))
        if not 0 < size <= LARGEST:
            raise ValueError(f"an answer of {size} bytes is not from a Kafka")
        return decode(_receive(connection, size, deadline))


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    got = b""
    while len(got) < size:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(size - len(got))
        if not part:
            raise ConnectionError("the connection was closed")
        got += part
    return got


def decode(answer: bytes) -> Cluster:
    """Read a Metadata answer of version 2. Raises ValueError if it is none."""
    try:
        correlation, count = struct.unpack_from(">ii", answer)
        if correlation != CORRELATION or not 0 <= count <= len(answer):
            raise ValueError("the answer is to another question")
        at = 8
        brokers = []
        for _ in range(count):
            host, at = _text(answer, at + 4)
            (port,) = struct.unpack_from(">i", answer, at)
            _, at = _text(answer, at + 4)
            brokers.append(f"{host}:{port}")
        cluster, _ = _text(answer, at)
    except struct.error as error:
        raise ValueError("the answer is cut short") from error
    return Cluster(cluster, tuple(brokers))


def _text(answer: bytes, at: int) -> tuple[str, int]:
    """A nullable string (null reads as empty) and the place behind it."""
    (size,) = struct.unpack_from(">h", answer, at)
    end = at + 2 + max(size, 0)
    if end > len(answer):
        raise ValueError("the answer is cut short")
    return answer[at + 2 : end].decode(), end

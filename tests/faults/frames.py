"""Kafka's frames on a connection: where one ends, what a request asks, whose answer this is.

Source: the protocol guide. A frame is its length (int32, big-endian) and so many bytes; a request
begins with API key (int16), its version (int16) and correlation id (int32), an answer with the
correlation id.
"""

from struct import Struct
from typing import NamedTuple

LENGTH = Struct(">i")
REQUEST = Struct(">hhi")
ANSWER = Struct(">i")

PRODUCE = 0
FETCH = 1
OFFSET_COMMIT = 8
OFFSET_FETCH = 9
FIND_COORDINATOR = 10
JOIN_GROUP = 11
HEARTBEAT = 12
SYNC_GROUP = 14


class Asked(NamedTuple):
    """The head of a request."""

    api: int
    version: int
    correlation: int


class Cutter:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now, each with its length before it.

        Raises ValueError for a length below zero: that is no Kafka.
        """
        self._rest += data
        found: list[bytes] = []
        at = 0
        while len(self._rest) - at >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._rest, at)
            if size < 0:
                raise ValueError(f"a frame of {size} bytes")
            end = at + LENGTH.size + size
            if end > len(self._rest):
                break
            found.append(bytes(self._rest[at:end]))
            at = end
        del self._rest[:at]
        return found


def asked(frame: bytes) -> Asked:
    """What a request's frame asks."""
    return Asked(*REQUEST.unpack_from(frame, LENGTH.size))


def answered(frame: bytes) -> int:
    """The correlation id of an answer's frame."""
    (correlation,) = ANSWER.unpack_from(frame, LENGTH.size)
    return int(correlation)

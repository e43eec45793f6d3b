"""A table of bits that says for certain that an id is not known (Bloom, 1970).

Nearly every message is new, so nearly every look at the index would be a look at the disk for
nothing, and each gives the interpreter away to another thread. 16 MiB answer "no" for ten million
ids with three mistaken "maybe" in a hundred; more ids mean more looks, never a wrong answer.
"""

from struct import Struct

BYTES = 16 * 1024 * 1024
PROBES = 4
_LAST = BYTES * 8 - 1
# Two stretches of a UUIDv5 that are SHA-1's alone; version and variant lie between them.
_PARTS = Struct(">I5xI3x")


class IdFilter:
    """Ids of 16 bytes that are hashes already. Adding and asking need no lock."""

    def __init__(self) -> None:
        self._bits = bytearray(BYTES)

    def add(self, key: bytes) -> None:
        """From now on the answer is "maybe"."""
        first, step = _PARTS.unpack(key)
        bits = self._bits
        for probe in range(PROBES):
            place = first + probe * step & _LAST
            bits[place >> 3] |= 1 << (place & 7)

    def may_hold(self, key: bytes) -> bool:
        """False: it was never added."""
        first, step = _PARTS.unpack(key)
        bits = self._bits
        for probe in range(PROBES):
            place = first + probe * step & _LAST
            if not bits[place >> 3] & 1 << (place & 7):
                return False
        return True

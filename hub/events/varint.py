"""Whole numbers as Avro writes them: seven bits a byte, lowest first (1.12, Binary Encoding)."""

from functools import lru_cache

MORE = 0x80  # the bit of a byte that says that another follows
TABLED = 1_024


@lru_cache(maxsize=1_024)  # the times and epochs of one moment's records are the same numbers
def varint(number: int) -> bytes:
    """A number that is zigzagged already."""
    out = bytearray()
    while number >= MORE:
        out.append(number & 0x7F | MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


LENGTHS = tuple(varint(2 * length) for length in range(TABLED))


def length(size: int) -> bytes:
    """How many there are of something, zigzagged."""
    return LENGTHS[size] if size < TABLED else varint(2 * size)

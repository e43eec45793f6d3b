"""Records to the bytes that Kafka keeps: record batches of message format 2.

kafka-python makes the same bytes header by header, with a builder, a future and a lock for each
record and each batch: 100 of the 400 µs that a gateway needed for a message (ops/bench/README.md).
Source: https://kafka.apache.org/documentation/#recordbatch.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct, unpack_from

from crc32c import crc32c
from kafka.codec import lz4_encode

from hub.events.varint import length, varint
from hub.records import Outgoing

MAGIC = 2
LZ4 = 3  # among the attributes
SMALL = 256  # bytes of records that are not worth to be compressed
# base offset, length, leader's epoch (none), magic, checksum
_HEAD = Struct(">qiibI")
# attributes, last offset's delta, first and last time, producer's id and epoch, sequence, count
_BODY = Struct(">hiqqqhii")
_BEHIND_LENGTH = 9  # bytes of the head that the length counts too: epoch, magic, checksum
_ABSENT = varint(1)  # a length of -1
_BEGIN = b"\0\0"  # attributes (none), the time's delta (the batch's own)


def encode(bodies: Sequence[bytes], now: int, producer: tuple[int, int], sequence: int) -> bytes:
    """One batch of what `body` gave for each record.

    `now`: epoch ms. `producer`: id and epoch, `sequence`: of the first record: what a broker tells
    a repeat by (KIP-98).
    """
    records = b"".join([_placed(place, body) for place, body in enumerate(bodies)])
    packed = lz4_encode(records) if len(records) > SMALL else records
    count = len(bodies)
    rest = (
        _BODY.pack(
            LZ4 if len(records) > SMALL else 0, count - 1, now, now, *producer, sequence, count
        )
        + packed
    )
    return _HEAD.pack(0, len(rest) + _BEHIND_LENGTH, -1, MAGIC, crc32c(rest)) + rest


def body(outgoing: Outgoing) -> bytes:
    """Key, value and headers of a record: all but where it stands in its batch."""
    key, value, headers = outgoing.key, outgoing.value, outgoing.headers
    parts = [
        _ABSENT if key is None else length(len(key)) + key,
        _ABSENT if value is None else length(len(value)) + value,
        length(len(headers)),
    ]
    for name, text in headers:
        parts += (_name(name), length(len(text)), text)
    return b"".join(parts)


def murmur2(key: bytes) -> int:
    """What every Kafka client tells a key's partition by: 32 bits (Utils.murmur2 of Kafka).

    kafka-python's own, byte by byte, takes three times as long.
    """
    size = len(key)
    mixed = 0x9747B28C ^ size
    for word in unpack_from(f"<{size // 4}I", key):
        part = word * 0x5BD1E995 & 0xFFFFFFFF
        mixed = (mixed * 0x5BD1E995 ^ (part ^ part >> 24) * 0x5BD1E995) & 0xFFFFFFFF
    if size % 4:
        rest = int.from_bytes(key[size & ~3 :], "little")
        mixed = (mixed ^ rest) * 0x5BD1E995 & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return mixed ^ mixed >> 15


def _placed(place: int, inner: bytes) -> bytes:
    delta = length(place)
    return length(len(_BEGIN) + len(delta) + len(inner)) + _BEGIN + delta + inner


@lru_cache(maxsize=256)  # the hub knows some twenty
def _name(name: str) -> bytes:
    raw = name.encode()
    return length(len(raw)) + raw

"""Archive segments: Avro container files of sealed records, the legal copy.

A segment holds consecutive records of one partition and one day. Each record is the canonical
encoding that its leaf commits to, encrypted under its own key, so that one key's end makes exactly
its records unreadable and moves no byte. Whoever holds the keys needs nothing of the hub: any Avro
tool reads the container.

The container (Avro 1.11, "Object Container Files") is written here by hand: it takes five kinds of
value, and only so is known where each record lies, so that one is read without the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import orjson

from hub.errors import Halt
from hub.records import Spot

MAGIC = b"Obj\x01"
SYNC = 16  # bytes between blocks
MORE = 0x80  # of a byte of a number: another one follows
LONGEST = 70  # bits in the ten bytes of the longest number
BLOCK = 100  # records of a block; a reader that looks for one skips by blocks
SCHEMA = {
    "type": "record",
    "name": "Sealed",
    "namespace": "hub.archive.v1",
    "doc": "One record of a topic, encrypted: AES-256-GCM, its place as associated data.",
    "fields": [
        {"name": "offset", "type": "long", "doc": "Offset in the partition."},
        {"name": "timestamp", "type": "long", "doc": "The broker's time, epoch ms."},
        {"name": "holder", "type": "string", "doc": "Names the key of the content."},
        {"name": "nonce", "type": "bytes", "doc": "12 bytes."},
        {"name": "content", "type": "bytes", "doc": "Canonical encoding, encrypted, with its tag."},
    ],
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record as the archive keeps it. `holder` names the key under which `content` is."""

    offset: int
    timestamp: int  # epoch ms
    holder: str
    nonce: bytes = field(repr=False)
    content: bytes = field(repr=False)


class Extent(NamedTuple):
    """Where a record lies in its segment, in bytes."""

    start: int
    length: int


def write_segment(spot: Spot, sealed: Sequence[Sealed]) -> tuple[bytes, list[Extent]]:
    """The file, and where each record lies in it.

    Equal records give equal bytes. Raises ValueError where there is none, or offsets do not rise.
    """
    offsets = [one.offset for one in sealed]
    if not offsets or any(a >= b for a, b in pairwise(offsets)):
        raise ValueError("a segment holds records, and their offsets rise")
    sync = _sync(spot, offsets[0])
    out = bytearray(_header(spot, sync))
    extents: list[Extent] = []
    for first in range(0, len(sealed), BLOCK):
        block = [_record(one) for one in sealed[first : first + BLOCK]]
        out += _long(len(block)) + _long(sum(map(len, block)))
        for raw in block:
            extents.append(Extent(len(out), len(raw)))
            out += raw
        out += sync
    return bytes(out), extents


def join_segments(spot: Spot, first: int, segments: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """One file of all records of several of a partition, and how far those of each have moved.

    `first`: the first offset. Raises Halt where one is damaged.
    """
    sync = _sync(spot, first)
    out = bytearray(_header(spot, sync))
    shifts = []
    with _whole("a segment"):
        for raw in segments:
            at, old = _skip_header(raw)
            shifts.append(len(out) - at)
            while at < len(raw):
                _, end = _block(raw, at, old)
                out += raw[at:end] + sync
                at = end + SYNC
    return bytes(out), shifts


def read_record(raw: bytes) -> Sealed:
    """The record that these bytes of a segment are. Raises Halt where they are none."""
    with _whole("a record"):
        return _read_record(raw)


def read_segment(raw: bytes) -> Iterator[tuple[Sealed, Extent]]:
    """Every record of a segment, in order. Raises Halt where it is damaged.

    One that ends with a whole block is not: its length stands in the archive's lists.
    """
    with _whole("a segment"):
        at, sync = _skip_header(raw)
        while at < len(raw):
            begin, end = _block(raw, at, sync)
            count, _ = _read_long(raw, at)
            at = begin
            for _ in range(count):
                after = _after_record(raw, at)
                yield _read_record(raw[at:after]), Extent(at, after - at)
                at = after
            if at != end:
                raise ValueError("a block holds more than its records")
            at = end + SYNC


@contextmanager
def _whole(what: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, IndexError) as error:
        raise Halt(
            f"{what} of the archive is damaged", fix="restore the archive from its copy"
        ) from error


def _header(spot: Spot, sync: bytes) -> bytes:
    meta = {
        "avro.schema": orjson.dumps(SCHEMA),
        "avro.codec": b"null",  # what is encrypted does not compress
        "hub.topic": spot.topic.encode(),
        "hub.partition": str(spot.partition).encode(),
    }
    entries = b"".join(_bytes(name.encode()) + _bytes(value) for name, value in meta.items())
    return MAGIC + _long(len(meta)) + entries + _long(0) + sync


def _skip_header(raw: bytes) -> tuple[int, bytes]:
    """Where the blocks begin, and what stands between them."""
    if not raw.startswith(MAGIC):
        raise ValueError("no Avro container")
    count, at = _read_long(raw, len(MAGIC))
    while count:
        for _ in range(2 * count):
            _, at = _read_bytes(raw, at)
        count, at = _read_long(raw, at)
    sync = raw[at : at + SYNC]
    if len(sync) < SYNC:
        raise ValueError("cut off")
    return at + SYNC, sync


def _sync(spot: Spot, first: int) -> bytes:
    return sha256(f"{spot.topic}/{spot.partition}/{first}".encode()).digest()[:SYNC]


def _block(raw: bytes, at: int, sync: bytes) -> tuple[int, int]:
    """Where the records of a block begin and end. Raises ValueError."""
    _, at = _read_long(raw, at)
    size, at = _read_long(raw, at)
    if size < 0 or raw[at + size : at + size + SYNC] != sync:
        raise ValueError("a block does not end where it says")
    return at, at + size


def _record(one: Sealed) -> bytes:
    return b"".join(
        (
            _long(one.offset),
            _long(one.timestamp),
            _bytes(one.holder.encode()),
            _bytes(one.nonce),
            _bytes(one.content),
        )
    )


def _read_record(raw: bytes) -> Sealed:
    offset, at = _read_long(raw, 0)
    timestamp, at = _read_long(raw, at)
    holder, at = _read_bytes(raw, at)
    nonce, at = _read_bytes(raw, at)
    content, at = _read_bytes(raw, at)
    if at != len(raw):
        raise ValueError("bytes are left over")
    return Sealed(offset, timestamp, holder.decode(), nonce, content)


def _after_record(raw: bytes, at: int) -> int:
    _, at = _read_long(raw, at)
    _, at = _read_long(raw, at)
    for _ in range(3):
        _, at = _read_bytes(raw, at)
    return at


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


def _long(value: int) -> bytes:
    """Avro's long: zigzag, then seven bits a byte, the lowest first."""
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest >= MORE:
        out.append((rest & (MORE - 1)) | MORE)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def _read_long(raw: bytes, at: int) -> tuple[int, int]:
    rest = shift = 0
    while True:
        byte = raw[at]
        rest |= (byte & (MORE - 1)) << shift
        at += 1
        if byte < MORE:
            return (rest >> 1) ^ -(rest & 1), at
        shift += 7
        if shift >= LONGEST:
            raise ValueError("no long")


def _read_bytes(raw: bytes, at: int) -> tuple[bytes, int]:
    size, at = _read_long(raw, at)
    if size < 0 or at + size > len(raw):
        raise ValueError("cut off")
    return raw[at : at + size], at + size

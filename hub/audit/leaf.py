"""What one record of a topic becomes in the log: a salted commitment to its exact bytes.

Who holds a record and its salt can show that the leaf means this record. Who holds the leaf alone
learns nothing, not even by guessing: once the key is destroyed, content is gone and proofs stay.
The bytes are fixed in hub/audit/FORMAT.md.
"""

import struct
from hmac import digest
from typing import NamedTuple

from hub.audit.verify import read_record, record_hash
from hub.records import Headers, Record
from hub.topics import ACT, CATALOGUE, DOSSIER_HEADER, RECEIPT

_PLACE = struct.Struct(">IQ")  # partition, offset
_TIME = struct.Struct(">q")
_SHORT = struct.Struct(">H")
_LONG = struct.Struct(">I")
_NOTHING = _LONG.pack(0xFFFF_FFFF)  # the length of a key or value that is null


class Scope(NamedTuple):
    """Whose key salts a record: `kind` is dossier, topic or record; `name` is its own within."""

    kind: str
    name: str

    @property
    def text(self) -> str:
        """How it is written, for example `dossier/000.00.00.H62-260102-0001`."""
        return f"{self.kind}/{self.name}"


def scope_of(record: Record) -> Scope:
    """Whose key it is, undecoded: by the record's key, of an act by its header.

    A record that concerns no dossier has its topic's key. One among events or dead letters that
    names no dossier is foreign: it has a key of its own, so that it can be erased alone.
    """
    if record.topic == CATALOGUE:
        return Scope("topic", record.topic)
    raw = _dossier_header(record.headers) if record.topic == ACT else record.key
    name = _text(raw)
    if name:
        return Scope("dossier", name)
    if record.topic in (ACT, RECEIPT):
        return Scope("topic", record.topic)
    return Scope("record", record.place.text)


def _dossier_header(headers: Headers) -> bytes | None:
    return next((value for name, value in headers if name == DOSSIER_HEADER), None)


def _text(raw: bytes | None) -> str:
    """The text, or "" where these bytes are none."""
    try:
        return (raw or b"").decode()
    except UnicodeDecodeError:
        return ""


def encode(record: Record) -> bytes:
    """The record's canonical bytes: everything that the broker keeps of it, each part once.

    Two records have the same bytes only if they are the same (lengths stand before bytes).
    """
    parts = [place(record.topic, record.partition, record.offset), _TIME.pack(record.timestamp)]
    for content in (record.key, record.value):
        parts += (_NOTHING,) if content is None else (_LONG.pack(len(content)), content)
    parts.append(_LONG.pack(len(record.headers)))
    for name, value in record.headers:
        raw = name.encode()
        parts += (_LONG.pack(len(raw)), raw, _LONG.pack(len(value)), value)
    return b"".join(parts)


def place(topic: str, partition: int, offset: int) -> bytes:
    """Where a record stands: the beginning of its canonical bytes, and what its salt is made of."""
    raw = topic.encode()
    return _SHORT.pack(len(raw)) + raw + _PLACE.pack(partition, offset)


def decode(encoded: bytes) -> Record:
    """The record whose canonical bytes these are. Raises ValueError if they are none's."""
    return Record(*read_record(encoded))


def salt_of(key: bytes, topic: str, partition: int, offset: int) -> bytes:
    """The salt of one record (32 bytes), from the 32 bytes of its scope's key.

    To give it away discloses this record alone.
    """
    return digest(key, place(topic, partition, offset), "sha256")


def hash_of(record: Record, key: bytes) -> bytes:
    """The leaf hash of a record under its scope's key."""
    return record_hash(salt_of(key, record.topic, record.partition, record.offset), encode(record))

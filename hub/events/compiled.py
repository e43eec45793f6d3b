"""Records of one schema to Avro binary and back, compiled for the schemas that events have.

fastavro finds out for every value of a union which branch is meant, and looks a type up for every
field; these closures know it beforehand, and write a dossier of 35 fields in a third of its time
(ops/bench/README.md). They know what the catalogue is made of: records, enumerations, arrays,
texts, whole numbers, Booleans, and each of these or null. They take what fits at once; whatever is
odd about a schema, a record or bytes is left to fastavro, whose verdict counts and whose bytes are
the same (tests/events/test_event_compiled.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.contract.types import Document, Value
from hub.events.catalogue import Definition, Json
from hub.events.varint import LENGTHS, MORE, TABLED, length, varint
from hub.events.writing import Write, record_writer

Read: TypeAlias = Callable[[bytes, int], tuple[Value, int]]  # bytes, place -> value, place behind


class OddError(Exception):
    """Not what these closures know: ask fastavro."""


# What they raise for a record that does not fit at once, and for bytes.
UNWRITTEN = (OddError, KeyError, AttributeError, TypeError, UnicodeEncodeError)
UNREAD = (OddError, IndexError, KeyError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One schema. Only a record whose keys are the schema's fields, all of them, fits at once."""

    write: Callable[[Document], bytes] = field(repr=False)
    _read: Callable[[bytes, int], tuple[Document, int]] = field(repr=False)

    def read(self, raw: bytes, start: int) -> Document:
        """The record that fills `raw` from `start` to its end. Raises one of UNREAD."""
        document, end = self._read(raw, start)
        if end != len(raw):
            raise OddError
        return document


def compiled(schema: Definition) -> Compiled:
    """The closures for a record's schema as fastavro prepared it; to an odd one all is odd."""
    try:
        return _Compiler({}).root(schema)
    except OddError:
        return Compiled(_never_written, _never_read)


def _never_written(_: Document) -> bytes:
    raise OddError


def _never_read(_: bytes, __: int) -> tuple[Document, int]:
    raise OddError


@dataclass(frozen=True, slots=True)
class _Part:
    """A type: how it is written and read; `size` is the least number of its bytes."""

    write: Write
    read: Read
    size: int = 1
    optional: bool = False  # null, or this: write and read are those of what is there
    text: bool = False


# ---- whole numbers: zigzag, then seven bits a byte, lowest first (Avro 1.12, Binary Encoding)

_INT, _LONG = 2**31, 2**63
_BITS = 63  # that are read here, in at most nine bytes
_SYMBOLS = 64  # of an enumeration, so that one byte tells them apart


# By the first byte of a text: how many bytes it takes with that one; 0 where that says too little.
_SHORT = tuple(0 if byte & 1 or byte & MORE else 1 + (byte >> 1) for byte in range(256))


def _unsigned(raw: bytes, at: int) -> tuple[int, int]:
    """The zigzagged number at `at`, and the place behind it."""
    byte = raw[at]
    number, bits = byte & 0x7F, 7
    while byte >= MORE:
        if bits >= _BITS:
            raise OddError
        at += 1
        byte = raw[at]
        number |= (byte & 0x7F) << bits
        bits += 7
    return number, at + 1


def _whole(limit: int) -> _Part:
    def write(value: Value) -> bytes:
        if type(value) is not int or not -limit <= value < limit:
            raise OddError
        if 0 <= value < TABLED:
            return LENGTHS[value]
        return varint(value << 1 if value >= 0 else ~(value << 1))

    def read(raw: bytes, at: int) -> tuple[Value, int]:
        number, at = _unsigned(raw, at)
        return number >> 1 if not number & 1 else ~(number >> 1), at

    return _Part(write, read)


# ---- other scalars


def _write_text(value: Value) -> bytes:
    if type(value) is not str:
        raise OddError
    raw = value.encode()
    return length(len(raw)) + raw


def _read_text(raw: bytes, at: int) -> tuple[Value, int]:
    size, at = _unsigned(raw, at)
    if size & 1:
        raise OddError
    end = at + (size >> 1)
    return raw[at:end].decode(), end


def _write_boolean(value: Value) -> bytes:
    if type(value) is not bool:
        raise OddError
    return b"\x01" if value else b"\x00"


def _read_boolean(raw: bytes, at: int) -> tuple[Value, int]:
    if raw[at] > 1:
        raise OddError
    return raw[at] == 1, at + 1


def _enumeration(symbols: Sequence[str]) -> _Part:
    if len(symbols) > _SYMBOLS:
        raise OddError
    by_symbol: dict[Value, bytes] = {symbol: LENGTHS[n] for n, symbol in enumerate(symbols)}
    by_byte = {2 * n: symbol for n, symbol in enumerate(symbols)}

    def write(value: Value) -> bytes:
        return by_symbol[value]  # what cannot be a key is a TypeError: odd

    def read(raw: bytes, at: int) -> tuple[Value, int]:
        return by_byte[raw[at]], at + 1

    return _Part(write, read)


_PRIMITIVES = {
    "string": _Part(_write_text, _read_text, text=True),
    "boolean": _Part(_write_boolean, _read_boolean),
    "int": _whole(_INT),
    "long": _whole(_LONG),
}


# ---- what holds others


def _array(item: _Part) -> _Part:
    if item.size == 0:
        raise OddError  # a number of items that no bytes stand for would never end

    def write(value: Value) -> bytes:
        if type(value) is not list:
            raise OddError
        if not value:
            return b"\x00"
        return b"".join([length(len(value)), *map(item.write, value), b"\x00"])

    return _Part(write, _array_reader(item.read))


def _array_reader(read_item: Read) -> Read:
    def read(raw: bytes, at: int) -> tuple[Value, int]:
        items: list[Value] = []
        while True:
            count, at = _unsigned(raw, at)
            if count == 0:
                return items, at
            if count & 1:  # a block that tells its size in bytes
                raise OddError
            for _ in range(count >> 1):
                value, at = read_item(raw, at)
                items.append(value)

    return read


def _record_writer(fields: Sequence[tuple[str, _Part]]) -> Write:
    rows = [(name, part.write, part.optional, part.text) for name, part in fields]
    return record_writer(rows, OddError)


def _record_reader(
    fields: Sequence[tuple[str, _Part]],
) -> Callable[[bytes, int], tuple[Document, int]]:
    rows = tuple((name, part.optional, part.text, part.read) for name, part in fields)

    def read(raw: bytes, at: int) -> tuple[Document, int]:
        document: Document = {}
        for name, optional, text, read_field in rows:
            if optional:
                branch = raw[at]
                at += 1
                if branch == 0:
                    document[name] = None
                    continue
                if branch != 2:  # noqa: PLR2004 - the second branch, zigzagged
                    raise OddError
            if text and (size := _SHORT[raw[at]]):  # most fields: spares a call each
                end = at + size
                document[name] = raw[at + 1 : end].decode()
                at = end
            else:
                document[name], at = read_field(raw, at)
        return document, at

    return read


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Remembers named types, because a later mention is only a name; in itself it is odd."""

    named: dict[str, _Part]

    def root(self, schema: Definition) -> Compiled:
        """The closures of the outermost record. Raises OddError."""
        if schema.get("type") != "record":
            raise OddError
        fields = self._fields(schema.get("fields"))
        return Compiled(_record_writer(fields), _record_reader(fields))

    def part(self, kind: Json) -> _Part:
        """How a type is written and read. Raises OddError."""
        if isinstance(kind, str):
            return self._mention(kind)
        if isinstance(kind, list):
            return self._optional(kind)
        if not isinstance(kind, dict):
            raise OddError
        match kind:
            case {"type": "record", "name": str(name), "fields": list(fields)}:
                inner = self._fields(fields)
                size = sum(part.size for _, part in inner)
                made = _Part(_record_writer(inner), _record_reader(inner), size)
                self.named[name] = made
            case {"type": "enum", "name": str(name), "symbols": list(symbols)}:
                made = _enumeration([str(symbol) for symbol in symbols])
                self.named[name] = made
            case {"type": "array", "items": items}:
                made = _array(self.part(items))
            case {"type": str(primitive)}:
                made = self._mention(primitive)
            case _:
                raise OddError
        return made

    def _mention(self, name: str) -> _Part:
        found = _PRIMITIVES.get(name) or self.named.get(name)
        if found is None:
            raise OddError
        return found

    def _optional(self, kinds: list[Json]) -> _Part:
        if len(kinds) != 2 or kinds[0] != "null":  # noqa: PLR2004 - null, and what may be there
            raise OddError
        inner = self.part(kinds[1])
        return _Part(inner.write, inner.read, optional=True, text=inner.text)

    def _fields(self, fields: Json) -> list[tuple[str, _Part]]:
        if not isinstance(fields, list):
            raise OddError
        return [
            (str(each.get("name")), self.part(each.get("type")))
            for each in fields
            if isinstance(each, dict)
        ]

"""Records to bytes and back, in the wire format that every schema-registry client knows.

A zero byte, the schema's id as four bytes (big-endian), then Avro binary. This is the hot path of
both directions, so schemas are parsed once, and without their logical types: a timestamp stays the
epoch milliseconds and a date the days that mappings work with, no datetime is ever made.

An event is read with the schema that it was written with. If the hub knows another version of it,
the record is resolved to that one as Avro says: fields that the hub does not know are dropped, new
ones get their default, a strange enumeration symbol becomes the enumeration's default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from struct import Struct
from typing import NoReturn, Protocol, TypeAlias

import fastavro
import orjson

from hub.contract.types import Document
from hub.errors import Reject
from hub.events.catalogue import Catalogue, Definition, Json, full_name
from hub.events.compiled import UNREAD, UNWRITTEN, Compiled, compiled
from hub.events.misfit import misfit

PREFIX = Struct(">bI")
MAGIC = 0
DROPPED = frozenset({"logicalType", "doc", "pii", "mask"})
# What fastavro raises for bytes that are no such record; tests/events/test_event_codec.py looks.
UNREADABLE = (
    EOFError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    RecursionError,
    fastavro.read.SchemaResolutionError,
)

Parsed: TypeAlias = Definition  # a schema as fastavro prepared it


class Schemas(Protocol):
    """Who knows ids: `hub.registry.schemas.client.RegistryClient`."""

    def register(self, subject: str, text: str) -> int:
        """The id of this schema under this subject, a new one if need be."""
        ...

    def schema(self, number: int) -> str:
        """The schema's text. Raises Retry: not known (yet), or (`system`) registry unreachable."""
        ...


class Codec:
    """Writes the catalogue's records and reads whatever the registry knows. Thread-safe."""

    def __init__(self, catalogue: Catalogue, schemas: Schemas) -> None:
        self._catalogue = catalogue
        self._schemas = schemas
        self._writers: dict[str, _Writer] = {}
        self._readers: dict[int, _Reader] = {}
        self._foreign: dict[str, Definition] = {}
        self._newest: dict[str, int] = {}

    def warm(self) -> None:
        """Learn the id of every schema now, so that no first event waits for the registry.

        Raises what the registry's client raises: Retry, Reject for an incompatible schema, Halt.
        """
        for name in self._catalogue.whole:
            if name not in self._writers:
                self._writer(name)

    def learn(self, more: Mapping[str, Definition]) -> None:
        """Know what bundles bring, by full name; what is written is written by it from now on."""
        for name in self._catalogue.learn(more):
            self._writers.pop(name, None)

    def encode(self, name: str, record: Document) -> bytes:
        """The bytes of a record, by the full name of its schema.

        Optional fields may be missing. Raises Reject naming the field that does not fit, KeyError
        for a name that the catalogue has not, and once per name what `warm` raises.
        """
        writer = self._writers.get(name) or self._writer(name)
        try:
            return writer.prefix + writer.compiled.write(record)
        except UNWRITTEN:
            return self._write_odd(name, writer, record)

    def _write_odd(self, name: str, writer: "_Writer", record: Document) -> bytes:
        out = BytesIO()
        out.write(writer.prefix)
        try:
            fastavro.schemaless_writer(
                out, writer.schema, record, strict_allow_default=True, disable_tuple_notation=True
            )
        except (
            ValueError,
            TypeError,
            OverflowError,
            AttributeError,
            KeyError,
            IndexError,
        ) as error:
            _refuse(self._catalogue.whole[name], name, record, error)
        return out.getvalue()

    def decode(self, raw: bytes) -> tuple[str, Document]:
        """The full name and the record.

        Raises Reject (codes not-avro, truncated, undecodable, incompatible-schema) for bytes that
        can never be read; Retry for a schema id that is not known yet (this message), Retry with
        `system` when the registry cannot be asked.
        """
        number = schema_id(raw)
        found = self._readers.get(number) or self._reader(number)
        try:
            return found.name, found.compiled.read(raw, PREFIX.size)
        except UNREAD:
            return found.name, _read_odd(number, found, raw)

    def foreign(self, name: str) -> Definition | None:
        """A record that the catalogue has not, by its newest schema among what was decoded.

        As it was registered; None where nothing of that name was decoded.
        """
        return self._foreign.get(name)

    def knows(self, raw: bytes) -> bool:
        """Whether `decode` asks nobody: the schema is known, or these bytes are none of ours."""
        try:
            return schema_id(raw) in self._readers
        except Reject:
            return True

    def _writer(self, name: str) -> "_Writer":
        number = self._schemas.register(name, self._catalogue.texts[name])
        schema = prepared(self._catalogue.whole[name])
        made = _Writer(PREFIX.pack(MAGIC, number), schema, compiled(schema))
        self._writers[name] = made
        # what we write we can read
        self._readers.setdefault(number, _Reader(name, schema, None, made.compiled))
        return made

    def _reader(self, number: int) -> "_Reader":
        definition: Json = orjson.loads(self._schemas.schema(number))
        if not isinstance(definition, dict) or definition.get("type") != "record":
            raise Reject("the schema is not a record's", where=f"id {number}", code="undecodable")
        name = full_name(definition)
        own = self._catalogue.whole.get(name)
        try:
            writer = prepared(definition)
        except UNREADABLE as error:
            raise _unreadable(name, number, error) from None
        reader = None if own is None else prepared(own)
        if reader == writer:  # the same but for what people read, or how a registry spells names
            reader = None
        made = _Reader(name, writer, reader, compiled(writer if reader is None else {}))
        self._readers[number] = made
        if own is None and number >= self._newest.get(name, number):
            self._newest[name], self._foreign[name] = number, definition
        return made


@dataclass(frozen=True, slots=True)
class _Writer:
    """How records of one name are written; by `compiled` where it can."""

    prefix: bytes
    schema: Parsed = field(repr=False)
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class _Reader:
    """How records of one id are read; `own`: the schema that they are resolved to, if another."""

    name: str
    writer: Parsed = field(repr=False)
    own: Parsed | None = field(repr=False)
    compiled: Compiled


def _read_odd(number: int, known: _Reader, raw: bytes) -> Document:
    """What fastavro makes of bytes that the compiled reader does not take."""
    source = BytesIO(raw)
    source.seek(PREFIX.size)
    try:
        record: object = fastavro.schemaless_reader(source, known.writer, known.own)
    except UNREADABLE as error:
        raise _unreadable(known.name, number, error) from None
    if source.tell() != len(raw) or not isinstance(record, dict):
        raise Reject("bytes are left over", where=known.name, code="undecodable")
    return record


def schema_id(raw: bytes) -> int:
    """The id in the first five bytes. Raises Reject if this is not the wire format."""
    if not raw or raw[0] != MAGIC:
        raise Reject("does not begin with the magic byte 0", code="not-avro")
    if len(raw) < PREFIX.size:
        raise Reject("is shorter than its prefix of 5 bytes", code="truncated")
    number: int = PREFIX.unpack_from(raw)[1]
    return number


def prepared(definition: Definition) -> Parsed:
    """A schema as fastavro wants it, without logical types and what only people read."""
    made: object = fastavro.parse_schema(_bare(definition), {})
    return made if isinstance(made, dict) else {}


def _bare(kind: Definition) -> Definition:
    return {key: _without(part) for key, part in kind.items() if key not in DROPPED}


def _without(kind: Json) -> Json:
    if isinstance(kind, list):
        return [_without(part) for part in kind]
    if isinstance(kind, dict):
        return _bare(kind)
    return kind


def _refuse(definition: Definition, name: str, record: Document, error: Exception) -> NoReturn:
    found = misfit(definition, record) or ("", f"cannot be written ({type(error).__name__})")
    path, what = found
    raise Reject(what, where=f"{name} {path}".rstrip(), code="misfit") from None


def _unreadable(name: str, number: int, error: Exception) -> Reject:
    code = "undecodable"
    if isinstance(error, EOFError):
        code = "truncated"
    elif isinstance(error, fastavro.read.SchemaResolutionError):
        code = "incompatible-schema"
    what = f"the bytes are not a record of schema {number} ({type(error).__name__})"
    return Reject(what, where=name, code=code)

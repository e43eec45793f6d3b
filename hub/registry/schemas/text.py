"""A schema's text: is it valid Avro, and is it the same as another one.

Two texts are the same schema when they differ in spacing, in the order of keys, or in how a name is
written (with its namespace inside or beside it). Everything else counts, `doc`, `pii` and other
attributes too: they say what a field means; losing them would lose the marking of personal data.

A text comes from the network, so its size, nesting and number of parts are bounded before a parser
sees it: the parsers recurse, and comparing two schemas takes time with the product of their parts.
"""

import dataclasses
import re
from dataclasses import dataclass
from hashlib import sha256

import avro.errors
import avro.schema
import fastavro
import orjson

from hub.events.catalogue import PRIMITIVES, Json, fields_of
from hub.registry.schemas.errors import invalid_schema

TEXT_BYTES = 524_288  # below the topic's limit for a record, with the key and the quoting around it
PARTS = 4_000  # objects, lists and scalars; the largest event of the domain has about 500
DEPTH = 40
BRANCHES = 64  # of one union
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Schema:
    """A valid schema. `text`: without needless spaces, as it is stored. `mark`: equal = same."""

    text: str
    mark: str
    parsed: avro.schema.Schema = dataclasses.field(repr=False, compare=False)


def parse(text: str) -> Schema:
    """Check a schema's text. Raises RegistryError 42201 saying what is wrong with it."""
    if len(text.encode(errors="replace")) > TEXT_BYTES:
        raise invalid_schema(f"longer than {TEXT_BYTES} bytes")
    try:
        found: Json = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # Clients may send a primitive's bare name; Confluent's registry takes it.
        if text not in PRIMITIVES:
            raise invalid_schema(f"not JSON: {error}") from error
        found = text
    _bound(found)
    parsed = _validated(_without_logical(found))
    return Schema(orjson.dumps(found).decode(), mark_of(found), parsed)


def mark_of(found: Json) -> str:
    """What two texts of one schema have in common."""
    same = orjson.dumps(_canonical(found, ""), option=orjson.OPT_SORT_KEYS)
    return sha256(same).hexdigest()


def _bound(found: Json) -> None:
    waiting: list[tuple[Json, int]] = [(found, 1)]
    parts = 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > DEPTH:
            raise invalid_schema(f"nested deeper than {DEPTH}")
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        parts += len(inner)
        if parts > PARTS:
            raise invalid_schema(f"more than {PARTS} parts")
        waiting += [(item, depth + 1) for item in inner if isinstance(item, dict | list)]


def _validated(bare: Json) -> avro.schema.Schema:
    """Accepted by Apache's parser and by fastavro, or nobody in Python could read it."""
    try:
        parsed = avro.schema.make_avsc_object(bare)
        if isinstance(bare, dict | list):
            fastavro.parse_schema(bare, {})
    except (
        avro.errors.AvroException,
        fastavro.schema.SchemaParseException,
        fastavro.schema.UnknownType,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise invalid_schema(f"{type(error).__name__}: {error!s:.300}") from error
    _check(bare)
    return parsed


def _check(kind: Json) -> None:
    """What neither parser looks at: how wide a union is, and how a field is named."""
    if isinstance(kind, list):
        if len(kind) > BRANCHES:
            raise invalid_schema(f"a union of more than {BRANCHES} types")
        for part in kind:
            _check(part)
    elif isinstance(kind, dict):
        for name, field in fields_of(kind):
            if not NAME.fullmatch(name):
                raise invalid_schema(f"{name!r:.60} is no name for a field")
            _check(field.get("type"))
        for key in ("type", "items", "values"):
            _check(kind.get(key))


def _without_logical(kind: Json) -> Json:
    """An unknown logical type must be ignored, says Avro; Apache's parser warns instead."""
    if isinstance(kind, list):
        return [_without_logical(part) for part in kind]
    if isinstance(kind, dict):
        return {
            key: _without_logical(part) if key in ("type", "items", "values", "fields") else part
            for key, part in kind.items()
            if key != "logicalType"
        }
    return kind


def _canonical(kind: Json, namespace: str) -> Json:
    if isinstance(kind, str):
        known = kind in PRIMITIVES or "." in kind or not namespace
        return kind if known else f"{namespace}.{kind}"
    if isinstance(kind, list):
        return [_canonical(part, namespace) for part in kind]
    if not isinstance(kind, dict):
        return kind
    if set(kind) == {"type"}:
        return _canonical(kind["type"], namespace)
    found = dict(kind)
    if kind.get("type") in ("record", "error", "enum", "fixed"):
        namespace = _name(found, namespace)
        found["fields"] = _fields(kind.get("fields"), namespace)
    for key in ("items", "values"):
        if key in kind:
            found[key] = _canonical(kind[key], namespace)
    return found


def _name(found: dict[str, Json], outer: str) -> str:
    """Put the full name into `name`; returns the namespace for what is inside."""
    name, namespace = str(found.get("name")), found.pop("namespace", None)
    if "." not in name:
        inner = outer if namespace is None else str(namespace)
        name = f"{inner}.{name}" if inner else name
    found["name"] = name
    return name.rpartition(".")[0]


def _fields(fields: Json, namespace: str) -> Json:
    if not isinstance(fields, list):
        return fields
    return [
        {**field, "type": _canonical(field.get("type"), namespace)}
        if isinstance(field, dict)
        else field
        for field in fields
    ]

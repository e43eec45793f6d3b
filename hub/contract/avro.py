"""Avro schemas (one file per record or enumeration) into the type model, by short name.

Mappings write `StatusChanged(...)`, so short names must be unique among all schemas; the full name,
which Kafka and the registry know, is kept beside.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from hub.contract.problems import Problems
from hub.contract.types import (
    Boolean,
    Date,
    Field,
    Integer,
    JsonScalar,
    ListOf,
    MapOf,
    Number,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
)

Schema: TypeAlias = "JsonScalar | list[Schema] | dict[str, Schema]"

_PLAIN: Final[Mapping[str, Type]] = {
    "string": Text(),
    "boolean": Boolean(),
    "int": Integer(-(2**31), 2**31 - 1),
    "long": Integer(-(2**63), 2**63 - 1),
    "float": Number(),
    "double": Number(),
}
_LOGICAL: Final[Mapping[tuple[str, str], Type]] = {
    ("long", "timestamp-millis"): Timestamp(),
    ("int", "date"): Date(),
}


class AvroTypes(dict[str, Record]):
    """Every record by its short name; `full_name` gives "dossier.v1.StatusChanged"."""

    def __init__(self, records: Mapping[str, Record], full_names: Mapping[str, str]) -> None:
        super().__init__(records)
        self._full_names = full_names

    def full_name(self, short: str) -> str:
        """The full name of a record. Raises KeyError for an unknown one."""
        return self._full_names[short]


def avro_types(files: Mapping[str, bytes]) -> AvroTypes:
    """The records of all `files` (path -> Avro schema as JSON) that end in .avsc.

    A union is null and one other type: such a field is neither required nor refuses null. Raises
    ContractErrors for every other union, bytes, fixed, unknown names, and short names used twice.
    """
    reader = _Reader(Problems())
    for name, body in sorted(files.items()):
        if name.endswith(".avsc"):
            reader.file(name, body)
    for full in tuple(reader.schemas):
        reader.named(full, reader.places[full])
    reader.problems.raise_any()
    return AvroTypes(reader.records, reader.full_names)


@dataclass(slots=True)
class _Reader:
    problems: Problems
    schemas: dict[str, dict[str, Schema]] = field(default_factory=dict)  # by full name
    places: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    full_names: dict[str, str] = field(default_factory=dict)
    _made: dict[str, Type] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)

    def file(self, name: str, body: bytes) -> None:
        try:
            schema: Schema = json.loads(body)
        except (ValueError, RecursionError):
            self.problems.add(name, "not JSON")
            return
        if isinstance(schema, dict) and schema.get("type") in ("record", "enum"):
            self._enter(schema, "", name)
        else:
            self.problems.add(name, "neither a record nor an enumeration")

    def _enter(self, schema: dict[str, Schema], namespace: str, place: str) -> str:
        """Note a named schema; returns its full name."""
        name, own = schema.get("name"), schema.get("namespace", namespace)
        if not isinstance(name, str) or not isinstance(own, str):
            self.problems.add(place, "a named schema without a name")
            return ""
        full = name if "." in name or not own else f"{own}.{name}"
        short = full.rpartition(".")[2]
        other = self.full_names.setdefault(short, full)
        if other != full or full in self.schemas:
            self.problems.add(place, f"the name {short} is taken by {other}", "rename one")
        self.schemas[full] = schema
        self.places[full] = place
        return full

    def named(self, full: str, place: str) -> Type:
        """The record or enumeration of that full name."""
        schema = self.schemas.get(full)
        if schema is None:
            self.problems.add(place, f"there is no schema {full}", "add its .avsc")
            return Text()
        if full in self._open:
            return Ref(full.rpartition(".")[2])
        if full not in self._made:
            self._open.add(full)
            self._made[full] = self._build(full, schema)
            self._open.discard(full)
        return self._made[full]

    def _build(self, full: str, schema: dict[str, Schema]) -> Type:
        if schema.get("type") == "enum":
            symbols = schema.get("symbols")
            return Text(tuple(map(str, symbols if isinstance(symbols, list) else ())))
        short, namespace = full.rpartition(".")[2], full.rpartition(".")[0]
        place = self.places[full]
        members = schema.get("fields")
        fields = tuple(
            self._field(member, namespace, place)
            for member in (members if isinstance(members, list) else ())
            if isinstance(member, dict)
        )
        record = Record(short, fields, doc=str(schema.get("doc", "")))
        self.records[short] = record
        return record

    def _field(self, member: dict[str, Schema], namespace: str, place: str) -> Field:
        name = str(member.get("name"))
        where = f"{place} {name}"
        schema, null = self._without_null(member.get("type"), where)
        type_ = self._type(schema, namespace, where)
        default, pii = member.get("default"), member.get("pii")
        if pii is not None and pii not in ("n", "p", "s"):
            self.problems.add(where, "pii is n, p or s")
        return Field(
            name,
            type_,
            required=not null,
            nullable=null,
            default=_scalar(default),
            pii=pii if isinstance(pii, str) else None,
            doc=str(member.get("doc", "")),
        )

    def _without_null(self, schema: Schema, where: str) -> tuple[Schema, bool]:
        if not isinstance(schema, list):
            return schema, False
        others = [option for option in schema if option != "null"]
        if len(schema) != 2 or len(others) != 1:  # noqa: PLR2004  # null and one other
            self.problems.add(where, "only a union of null and one other type is supported")
            return "string", True
        return others[0], True

    def _type(self, schema: Schema, namespace: str, where: str) -> Type:
        if isinstance(schema, str):
            return self._by_name(schema, namespace, where)
        if not isinstance(schema, dict):
            self.problems.add(where, "a union inside a type is not supported")
            return Text()
        kind, logical = schema.get("type"), schema.get("logicalType")
        match kind:
            case "array":
                return ListOf(self._type(schema.get("items"), namespace, where))
            case "map":
                return MapOf(self._type(schema.get("values"), namespace, where))
            case "record" | "enum":
                place = where.split(" ", 1)[0]
                return self.named(self._enter(schema, namespace, place), where)
            case str() if logical is None:
                return self._by_name(kind, namespace, where)
            case str() if (kind, logical) in _LOGICAL:
                return _LOGICAL[kind, str(logical)]
            case _:
                self.problems.add(where, f"{kind} as {logical} is not supported")
                return Text()

    def _by_name(self, name: str, namespace: str, where: str) -> Type:
        if name in _PLAIN:
            return _PLAIN[name]
        if name in {"bytes", "fixed", "null"}:
            self.problems.add(where, f"{name} is not supported", "use a string")
            return Text()
        return self.named(name if "." in name else f"{namespace}.{name}", where)


def _scalar(value: Schema) -> JsonScalar:
    return None if isinstance(value, list | dict) else value

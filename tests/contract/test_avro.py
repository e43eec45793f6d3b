"""Avro schemas become the type model by short name."""

import json
from pathlib import Path
from typing import TypeAlias

import pytest

from hub.contract.avro import avro_types
from hub.contract.problems import ContractErrors
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

J: TypeAlias = "JsonScalar | list[J] | dict[str, J]"
SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"


def files(*schemas: J) -> dict[str, bytes]:
    return {f"{n}.avsc": json.dumps(schema).encode() for n, schema in enumerate(schemas)}


def record(name: str, *fields: J) -> J:
    return {"type": "record", "name": name, "namespace": "t.v1", "fields": list(fields)}


def one(schema: J, *others: J, **more: J) -> Field:
    field: J = {"name": "f", "type": schema, **more}
    return avro_types(files(record("R", field), *others))["R"].fields[0]


ENUM: J = {"type": "enum", "name": "E", "namespace": "t.v1", "symbols": ["A", "B"]}
TYPES: list[tuple[J, Type]] = [
    ("string", Text()),
    ("boolean", Boolean()),
    ("int", Integer(-(2**31), 2**31 - 1)),
    ("long", Integer(-(2**63), 2**63 - 1)),
    ("double", Number()),
    ({"type": "long", "logicalType": "timestamp-millis"}, Timestamp()),
    ({"type": "int", "logicalType": "date"}, Date()),
    ({"type": "array", "items": "string"}, ListOf(Text())),
    ({"type": "map", "values": "boolean"}, MapOf(Boolean())),
    ("t.v1.E", Text(("A", "B"))),
    ("E", Text(("A", "B"))),
    ({"type": "array", "items": "t.v1.R"}, ListOf(Ref("R"))),
    ({"type": "enum", "name": "Own", "symbols": ["X"]}, Text(("X",))),
]


@pytest.mark.parametrize(("schema", "expected"), TYPES, ids=range(len(TYPES)))
def test_an_avro_type_becomes_a_type(schema: J, expected: Type) -> None:
    found = one(schema, ENUM)
    assert found == Field("f", expected)


def test_a_union_with_null_is_neither_required_nor_refuses_null() -> None:
    found = one(["null", "string"], default=None, pii="p", doc="tên")
    assert found == Field("f", Text(), required=False, nullable=True, pii="p", doc="tên")


REFUSED: list[tuple[J, str]] = [
    (["string", "int"], "only a union of null and one other type"),
    (["null", "string", "int"], "only a union of null and one other type"),
    ("bytes", "bytes is not supported"),
    ("t.v1.Nope", "there is no schema t.v1.Nope"),
    ({"type": "long", "logicalType": "timestamp-micros"}, "long as timestamp-micros is not"),
    ({"type": "bytes", "logicalType": "decimal"}, "bytes as decimal is not supported"),
    ({"type": "array", "items": ["null", "string"]}, "a union inside a type is not supported"),
]


@pytest.mark.parametrize(("schema", "what"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_supported_is_refused_by_place(schema: J, what: str) -> None:
    with pytest.raises(ContractErrors) as refused:
        one(schema)
    assert str(refused.value).startswith("0.avsc f: ")
    assert what in str(refused.value)


def test_short_names_are_unique() -> None:
    other: J = {"type": "record", "name": "R", "namespace": "u.v1", "fields": []}
    with pytest.raises(ContractErrors, match=r"the name R is taken by t\.v1\.R"):
        avro_types(files(record("R"), other))


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(ContractErrors, match=r"b\.avsc: not JSON"):
        avro_types({"a.avsc": b'{"type": "record", "name": "A", "fields": []}', "b.avsc": b"{"})


def test_the_hub_s_own_events_are_read() -> None:
    schemas = {path.name: path.read_bytes() for path in SCHEMAS.glob("*.avsc")}
    types = avro_types(schemas)
    assert types.full_name("StatusChanged") == "dossier.v1.StatusChanged"
    changed = types["StatusChanged"]
    at, status = changed.field("at"), changed.field("status")
    assert at is not None
    assert status is not None
    assert at.type == Timestamp()
    assert isinstance(status.type, Text)
    assert "UNKNOWN" in (status.type.values or ())
    header = types["Accepted"].field("dossier")
    assert header is not None
    assert isinstance(header.type, Record)
    assert header.type is types["DossierHeader"]

"""The compiled reader and writer against fastavro: the same bytes, the same records, or "odd"."""

from io import BytesIO

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document, Value
from hub.events.catalogue import Definition, Json, fields_of
from hub.events.codec import UNREADABLE, prepared
from hub.events.compiled import UNREAD, UNWRITTEN, Compiled, OddError, compiled
from tests.events.records import CATALOGUE, example

NAMES = sorted(CATALOGUE.whole)
SCHEMAS = {name: prepared(CATALOGUE.whole[name]) for name in NAMES}
CLOSURES = {name: compiled(schema) for name, schema in SCHEMAS.items()}


def _stock_written(schema: Definition, record: Document) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(
        out, schema, record, strict_allow_default=True, disable_tuple_notation=True
    )
    return out.getvalue()


def _stock_read(schema: Definition, raw: bytes) -> object:
    source = BytesIO(raw)
    found: object = fastavro.schemaless_reader(source, schema, None)
    return found if source.tell() == len(raw) else None


def _one_field(kind: Json) -> Definition:
    return prepared({"type": "record", "name": "t.R", "fields": [{"name": "a", "type": kind}]})


def _values(kind: Json, named: dict[str, st.SearchStrategy[Value]]) -> st.SearchStrategy[Value]:
    if isinstance(kind, list):
        return st.one_of(*(_values(part, named) for part in kind))
    if isinstance(kind, str):
        return named[kind] if kind in named else _PLAIN[kind]
    if not isinstance(kind, dict):
        raise TypeError
    made: st.SearchStrategy[Value]
    match kind["type"]:
        case "record":
            made = st.fixed_dictionaries(
                {name: _values(f["type"], named) for name, f in fields_of(kind)}
            )
        case "enum":
            made = st.sampled_from(list(kind["symbols"] or ()))  # type: ignore[arg-type]
        case "array":
            return st.lists(_values(kind["items"], named), max_size=3)
        case other:
            return _values(other, named)
    named[str(kind["name"])] = made
    return made


_PLAIN: dict[str, st.SearchStrategy[Value]] = {
    "null": st.none(),
    "string": st.text(max_size=90),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-200, 200)),
}
RECORDS = {name: _values(SCHEMAS[name], {}) for name in NAMES}


def _filled(value: Value) -> Document:
    assert isinstance(value, dict)
    return value


def _whole(name: str) -> Document:
    """Every field, absent ones as null, as mappings make them."""
    record = _stock_read(SCHEMAS[name], _raw(name))
    assert isinstance(record, dict)
    return record


def _raw(name: str) -> bytes:
    return _stock_written(SCHEMAS[name], example(name))


@given(st.data())
def test_the_bytes_and_the_records_are_those_of_fastavro(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    record = _filled(data.draw(RECORDS[name]))
    raw = CLOSURES[name].write(record)
    assert _stock_written(SCHEMAS[name], record) == raw
    try:
        assert record == CLOSURES[name].read(b"?" + raw, 1)
    except OddError:  # a number of ten bytes is left to fastavro
        assert _holds_beyond(record, 2**62)


def _holds_beyond(value: Value, limit: int) -> bool:
    if isinstance(value, dict):
        return any(_holds_beyond(part, limit) for part in value.values())
    if isinstance(value, list):
        return any(_holds_beyond(part, limit) for part in value)
    return isinstance(value, int) and not -limit <= value < limit


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_of_the_catalogue_is_known(name: str) -> None:
    record, raw = _whole(name), _raw(name)
    assert raw == CLOSURES[name].write(record)
    assert record == CLOSURES[name].read(raw, 0)


@given(st.sampled_from(NAMES), st.data())
def test_bytes_that_are_read_are_read_as_fastavro_does(name: str, data: st.DataObject) -> None:
    raw = bytearray(_raw(name))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        read = CLOSURES[name].read(cut, 0)
    except UNREAD:
        return
    assert _stock_read(SCHEMAS[name], cut) == read


@given(st.binary(max_size=12))
def test_numbers_are_read_as_fastavro_does(raw: bytes) -> None:
    schema = _one_field("long")
    try:
        read = compiled(schema).read(raw, 0)
    except UNREAD:
        return
    assert _stock_read(schema, raw) == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 5),
        ("string", b"raw"),
        ("string", None),
        ("string", "\ud800"),
        ("long", True),
        ("long", 1.0),
        ("long", 2**63),
        ("int", 2**31),
        ("boolean", 1),
        (["null", "long"], "1"),
        ({"type": "enum", "name": "t.E", "symbols": ["A"]}, "B"),
        ({"type": "enum", "name": "t.E", "symbols": ["A"]}, ["A"]),
        ({"type": "array", "items": "long"}, (1,)),
    ],
)
def test_what_does_not_fit_at_once_is_odd(kind: Json, value: Value) -> None:
    with pytest.raises(UNWRITTEN):
        compiled(_one_field(kind)).write({"a": value})


@pytest.mark.parametrize("record", [{}, {"b": 1}, {"a": 1, "b": 2}])
def test_only_all_fields_and_no_others_fit_at_once(record: Document) -> None:
    with pytest.raises(UNWRITTEN):
        compiled(_one_field("long")).write(record)


@pytest.mark.parametrize(
    "kind",
    [
        "double",
        "bytes",
        "null",
        ["string", "null"],
        ["null", "string", "long"],
        {"type": "map", "values": "long"},
        {"type": "array", "items": {"type": "record", "name": "t.Empty", "fields": []}},
        {"type": "array", "items": ["null", "t.R"]},
        {"type": "enum", "name": "t.E", "symbols": [f"S{n}" for n in range(65)]},
    ],
)
def test_other_schemas_are_left_to_fastavro(kind: Json) -> None:
    made: Compiled = compiled(_one_field(kind))
    with pytest.raises(OddError):
        made.write({"a": None})
    with pytest.raises(OddError):
        made.read(b"\x00", 0)


def test_a_text_of_any_length_and_its_end() -> None:
    schema = _one_field("string")
    for size in (0, 1, 63, 64, 1_023, 1_024, 9_000):
        raw = compiled(schema).write({"a": "đ" * size})
        assert _stock_written(schema, {"a": "đ" * size}) == raw
        assert {"a": "đ" * size} == compiled(schema).read(raw, 0)
        with pytest.raises(UNREAD):
            compiled(schema).read(raw + b"\x00", 0)


def test_what_is_unreadable_to_it_is_told_by_fastavro() -> None:
    with pytest.raises(UNREADABLE):
        _stock_read(_one_field("string"), b"\x04\xff\xff")
    with pytest.raises(UNREAD):
        compiled(_one_field("string")).read(b"\x04\xff\xff", 0)

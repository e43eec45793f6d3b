"""When two texts are one schema, what is no schema, and what hostile texts cost."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registry.schemas.compatibility import misfits
from hub.registry.schemas.errors import RegistryError
from hub.registry.schemas.text import PARTS, parse
from tests.events.records import CATALOGUE
from tests.registry.contract import CODE, record

PERSON = {
    "type": "record",
    "name": "Person",
    "namespace": "t.v1",
    "fields": [
        {"name": "name", "type": "string", "pii": "p"},
        {"name": "next", "type": ["null", "Person"], "default": None},
    ],
}


def mark(schema: object) -> str:
    return parse(json.dumps(schema)).mark


def refusal(text: str) -> int | None:
    try:
        parse(text)
    except RegistryError as error:
        return error.code
    return None


def changed(**attributes: object) -> dict[str, object]:
    return {**PERSON, **attributes}


def test_how_it_is_written_does_not_count() -> None:
    same = [
        changed(),
        dict(reversed(PERSON.items())),
        changed(name="t.v1.Person", namespace="elsewhere"),
        changed(
            fields=[
                {"pii": "p", "type": {"type": "string"}, "name": "name"},
                {"name": "next", "type": ["null", "t.v1.Person"], "default": None},
            ]
        ),
    ]
    assert 1 == len({mark(schema) for schema in same})


def test_a_primitives_bare_name_is_a_schema() -> None:
    assert '"string"' == parse("string").text
    assert mark("string") == parse("string").mark == mark({"type": "string"})


def test_what_is_meant_counts() -> None:
    first, second = PERSON["fields"]
    assert isinstance(first, dict)
    different = [
        changed(),
        changed(doc="a person"),
        changed(namespace="t.v2"),
        changed(fields=[{**first, "pii": "s"}, second]),
        changed(fields=[{**first, "type": {"type": "string", "logicalType": "uuid"}}, second]),
        changed(fields=[second, first]),
        changed(aliases=["Human"]),
    ]
    assert len(different) == len({mark(schema) for schema in different})


@pytest.mark.parametrize("name", sorted(CATALOGUE.whole))
def test_the_hubs_schemas_are_kept_as_they_are(name: str) -> None:
    text = CATALOGUE.texts[name]
    assert text == parse(text).text


@pytest.mark.parametrize(
    "text",
    [
        "nul",
        "[]" * 3,
        "1",
        "{}",
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": ""}]}',
        '{"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}',
        '{"type": "record", "name": "R", "fields": [{"name": "a"}]}',
        '{"type": "record", "name": "R", "fields": 5}',
        '{"type": "record", "name": 5, "fields": []}',
        '{"type": "record", "name": "R", "fields": [{"name": "a b", "type": "int"}]}',
        '{"type": "record", "name": "R", "fields": [{"name": "", "type": "int"}]}',
        '{"type": "record", "name": "a b", "fields": []}',
        '{"type": "enum", "name": "E", "symbols": ["a b"]}',
        record("R", CODE, CODE),
        '{"type": "array"}',
        '{"type": "fixed", "name": "F", "size": "many"}',
        '{"type": "enum", "name": "E", "symbols": [[1]]}',
        '["int", "int"]',
        '["null", ["int"]]',
        '"unheard.Of"',
        "\ud800",
    ],
)
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(RegistryError) as refused:
        parse(text)
    assert 42201 == refused.value.code


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists))
def test_any_json_is_a_schema_or_refused(found: object) -> None:
    assert refusal(json.dumps(found)) in (None, 42201)


JUNK = st.sampled_from(
    ["record", "enum", "array", "map", "fixed", "int", "null", "R", "a.b", 1, None]
)
KEYS = ("type", "name", "namespace", "fields", "symbols", "items", "values", "size", "default")


@given(
    st.recursive(
        JUNK,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
        ),
        max_leaves=25,
    )
)
def test_any_likeness_of_a_schema_is_one_or_refused(found: object) -> None:
    text = json.dumps(found)
    assert refusal(text) in (None, 42201)
    if refusal(text) is None:
        assert parse(text).mark == parse(parse(text).text).mark


def nested(depth: int) -> str:
    return '{"type":"array","items":' * depth + '"int"' + "}" * depth


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (nested(100_000), "not JSON|nested deeper|longer"),
        (nested(500), "nested deeper"),
        ("[" * 900 + "]" * 900, "nested deeper"),
        (" " * 600_000, "longer than"),
        (json.dumps({"type": "enum", "name": "E", "symbols": ["A"] * PARTS}), "parts"),
        (
            json.dumps([{"type": "enum", "name": f"E{n}", "symbols": ["A"]} for n in range(65)]),
            "64",
        ),
    ],
)
def test_what_would_cost_too_much_is_refused_at_once(text: str, why: str) -> None:
    began = time.monotonic()
    with pytest.raises(RegistryError, match=why):
        parse(text)
    assert time.monotonic() - began < 10


def test_the_dearest_comparison_that_is_let_in_takes_seconds_at_most() -> None:
    """Unions of records, nested: as many pairs as the bounds allow."""
    records = [
        {
            "type": "record",
            "name": f"R{n}",
            "fields": [{"name": f"f{i}", "type": ["null", "string"]} for i in range(7)],
        }
        for n in range(60)
    ]
    wide = {"type": "record", "name": "W", "fields": [{"name": "u", "type": records}]}
    schema = parse(json.dumps(wide))
    began = time.monotonic()
    assert [] == misfits(schema.parsed, [(1, parse(json.dumps(wide)).parsed)], "FULL")
    assert time.monotonic() - began < 40

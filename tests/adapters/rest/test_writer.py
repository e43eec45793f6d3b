"""Documents as they are sent: records in records, maps, alternatives, and what is filled in."""

import pytest

from adapters.rest.writer import Moment, Write, Writers, tree
from hub.contract.types import (
    Anything,
    Boolean,
    Field,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Type,
    Value,
)
from hub.errors import Reject

NODE = Record(
    "Node",
    (
        Field("ten", Text()),
        Field("session", Text(), required=False),
        Field("con", ListOf(Ref("Node")), required=False),
    ),
)
NOW = Moment("key-1", "token-1")


def writer(type_: Type, **fill: str | int) -> Write:
    record = Record("Request", (Field("x", type_),))
    paths = {name.replace("__", "."): value for name, value in fill.items()}
    return Writers({"Node": NODE}).record(record, tree(paths), "Request")


def written(type_: Type, value: Value, **fill: str | int) -> Value:
    made = writer(type_, **fill)({"x": value}, NOW)
    assert isinstance(made, dict)
    return made["x"]


def test_a_record_that_mentions_itself_is_written_to_any_depth() -> None:
    value: Value = {"con": [{"ten": "b", "con": [{"ten": "c"}]}], "ten": "a"}
    made = written(Ref("Node"), value)
    assert {"ten": "a", "con": [{"ten": "b", "con": [{"ten": "c"}]}]} == made
    assert ["ten", "con"] == list(made)


def test_a_value_is_filled_into_a_record_that_mentions_itself_only_where_it_is_named() -> None:
    value: Value = {"ten": "a", "con": [{"ten": "b"}]}
    expected = {"ten": "a", "session": "token-1", "con": [{"ten": "b"}]}
    assert expected == written(Ref("Node"), value, x__session="$token")


@pytest.mark.parametrize(
    ("fill", "value"), [("$key", "key-1"), ("$token", "token-1"), ("v", "v"), (7, 7)]
)
def test_what_is_filled_in_wins_over_the_mapping(fill: str | int, value: Value) -> None:
    assert value == written(OneOf((Text(), Integer())), "mapping's", x=fill)


def test_a_map_keeps_its_keys_and_writes_its_values() -> None:
    assert {"a": {"ten": "1"}} == written(MapOf(Ref("Node")), {"a": {"ten": "1"}})


@pytest.mark.parametrize(
    "value", ["a", 5, True, 1.5, [1], {"ten": "a"}], ids=lambda value: type(value).__name__
)
def test_an_alternative_is_chosen_by_the_kind_of_value(value: Value) -> None:
    options = (Text(), Integer(), Boolean(), Number(), ListOf(Integer()), NODE)
    assert value == written(OneOf(options), value)


def test_anything_is_written_as_it_is() -> None:
    assert {"a": [1, None]} == written(Anything(), {"a": [1, None]})


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Text(), 5),
        (Integer(), "5"),
        (Integer(), True),
        (Integer(), 1.5),
        (Number(), "1"),
        (Boolean(), 1),
        (ListOf(Text()), "a"),
        (ListOf(Text()), [1]),
        (MapOf(Text()), []),
        (MapOf(Text()), {"a": 1}),
        (NODE, []),
        (Ref("Node"), {"con": [{}], "ten": "a"}),
        (OneOf((Text(), NODE)), 5),
        (OneOf((Text(), NODE)), {"khac": 1}),
    ],
    ids=range(14),
)
def test_a_value_of_another_kind_is_rejected_by_place(type_: Type, value: Value) -> None:
    with pytest.raises(Reject) as caught:
        written(type_, value)
    assert caught.value.where


def test_a_type_that_the_contract_does_not_have_is_found_when_it_is_compiled() -> None:
    with pytest.raises(Reject):
        writer(Ref("KhongCo"))

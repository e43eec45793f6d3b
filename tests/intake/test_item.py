import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.intake.item import canonical, digest, identity, split

KEY = b"k" * 32
ROW: Document = {"itemCode": "EB1", "status": 14, "_id": {"$oid": "68"}, "note": None}


def test_a_batch_is_split_into_its_rows() -> None:
    assert split({"data": [ROW, ROW], "sendDate": "x"}, "data") == [ROW, ROW]
    assert split({"_embedded": {"rh:doc": [ROW]}}, "_embedded.rh:doc") == [ROW]
    assert split({"_size": 0}, "_embedded.rh:doc") == []
    assert split(ROW, None) == [ROW]


def test_an_identity_is_made_of_fields_and_headers() -> None:
    paths = ["itemCode", "status", "_id.$oid", "header.Idempotency-Key"]
    assert identity(ROW, paths, {"idempotency-key": "K"}) == ("EB1", "14", "68", "K")


@pytest.mark.parametrize("path", ["missing", "note", "_id", "header.Idempotency-Key"])
def test_an_item_without_its_identity_is_refused_by_the_field(path: str) -> None:
    with pytest.raises(Reject) as refused:
        identity(ROW, ["itemCode", path], {})
    assert refused.value.where == path


def test_absent_null_and_order_make_no_difference() -> None:
    assert canonical({"a": 1, "b": None, "c": {"d": None}}, []) == canonical({"c": {}, "a": 1}, [])


def test_what_is_volatile_makes_no_difference_and_all_else_does() -> None:
    one: Document = {"n": 1, "files": [{"url": "a?sig=1", "name": "x"}], "sent": "10:00"}
    two: Document = {"n": 1, "files": [{"url": "a?sig=2", "name": "x"}], "sent": "10:05"}
    assert digest(one, ["sent", "files.url"], KEY) == digest(two, ["sent", "files.url"], KEY)
    assert digest(one, ["sent"], KEY) != digest(two, ["sent"], KEY)


def test_the_digest_depends_on_the_key() -> None:
    assert digest(ROW, [], KEY) != digest(ROW, [], b"l" * 32)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=5), st.randoms())
def test_the_order_of_keys_never_matters(item: Document, random: Random) -> None:
    keys = list(item)
    random.shuffle(keys)
    assert digest({k: item[k] for k in keys}, [], KEY) == digest(item, [], KEY)


def _plain(value: Value, paths: list[str]) -> Value:
    """What `canonical` encodes, by the words of its promise."""
    if isinstance(value, list):
        return [_plain(part, paths) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _plain(part, [path[len(key) + 1 :] for path in paths if path.startswith(f"{key}.")])
        for key, part in value.items()
        if part is not None and key not in paths
    }


names = st.sampled_from("abc")
nested = st.recursive(
    st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
paths = st.lists(st.lists(names, min_size=1, max_size=3).map(".".join), max_size=3)


@given(st.dictionaries(names, nested, max_size=3), paths)
def test_canonical_is_the_item_sorted_without_nulls_and_volatile_parts(
    item: Document, volatile: list[str]
) -> None:
    plain = json.dumps(_plain(item, volatile), sort_keys=True, separators=(",", ":"))
    assert plain.encode() == canonical(item, volatile)

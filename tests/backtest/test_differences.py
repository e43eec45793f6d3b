"""Two outcomes, field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.backtest.differences import (
    MOST,
    Difference,
    Nothing,
    Outcome,
    Rejected,
    Request,
    differences,
)
from hub.contract.types import Document, Value

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(documents, documents)
def test_there_is_a_difference_exactly_where_the_json_differs(one: Document, two: Document) -> None:
    found = differences(Request("POST /a", one), Request("POST /a", two))
    assert bool(found) == (repr(_sorted(one)) != repr(_sorted(two)))


def _sorted(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


@given(documents, documents)
def test_looked_at_from_the_other_side_it_is_the_same(one: Document, two: Document) -> None:
    there = differences(Request("a", one), Request("a", two))
    back = differences(Request("a", two), Request("a", one))
    assert sorted((d.path, repr(d.old), repr(d.new)) for d in there) == sorted(
        (d.path, repr(d.new), repr(d.old)) for d in back
    )


def test_true_is_not_one() -> None:
    assert differences(Request("a", {"x": 1}), Request("a", {"x": True}))


def test_elements_of_lists_are_told_by_their_field() -> None:
    old = Request("a", {"rows": [{"x": 1, "y": 2}, {"x": 3}]})
    new = Request("a", {"rows": [{"x": 1, "y": 4}]})
    assert differences(old, new) == [
        Difference("changed", "rows[].y", 2, 4),
        Difference("field gone", "rows[]", {"x": 3}, None),
    ]


SENT = Request("POST /a", {})


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (SENT, Rejected("why"), Difference("now rejected", "", "POST /a", "why")),
        (Rejected("why"), SENT, Difference("no longer rejected", "", "why", "POST /a")),
        (Rejected("a"), Rejected("b"), Difference("other reason", "", "a", "b")),
        (Nothing("n"), Rejected("b"), Difference("now rejected", "", "n", "b")),
        (Rejected("b"), Nothing("n"), Difference("no longer rejected", "", "b", "n")),
        (SENT, Nothing("n"), Difference("no longer sent", "", "POST /a", "n")),
        (Nothing("n"), SENT, Difference("now sent", "", "", "POST /a")),
        (SENT, Request("PUT /a", {}), Difference("other operation", "", "POST /a", "PUT /a")),
    ],
)
def test_whole_requests_that_come_or_go(old: Outcome, new: Outcome, found: Difference) -> None:
    assert differences(old, new) == [found]


@pytest.mark.parametrize(
    ("old", "new"),
    [(Nothing("a"), Nothing("b")), (Rejected("a", "m.py:1"), Rejected("a", "m.py:9"))],
)
def test_another_place_of_the_same_refusal_is_no_difference(old: Outcome, new: Outcome) -> None:
    assert differences(old, new) == []


def test_a_request_of_another_shape_is_told_in_part() -> None:
    new = Request("a", {f"f{n}": n for n in range(10 * MOST)})
    assert len(differences(Request("a", {}), new)) == MOST

"""Walking pages: by number until one is not full, by cursor from the last item."""

import pytest

from adapters.rest.paging import (
    Cursor,
    Numbered,
    first_request,
    items_of,
    next_cursor,
    next_request,
)
from hub.contract.types import Document, Value
from hub.errors import Reject

PAGES = Numbered(parameter="page", items="results", size=2, first=1, most=3)
CURSOR = Cursor("lastId", "_embedded.rh:doc", "0" * 24, "_id.$oid", full=2)


def walk(pages: list[list[Value]]) -> list[Value]:
    request: Document | None = first_request({"type": "GUI"}, PAGES)
    seen: list[Value] = []
    for page in pages:
        assert request is not None
        seen.append(request["page"])
        request = next_request(request, {"results": page}, PAGES)
    assert request is None
    return seen


def rows(*ids: str) -> Document:
    return {"_embedded": {"rh:doc": [{"_id": {"$oid": one}} for one in ids]}}


def test_numbered_pages_end_with_one_that_is_not_full() -> None:
    assert [1, 2, 3] == walk([["a", "b"], ["c", "d"], ["e"]])
    assert [1] == walk([["a"]])
    assert [1, 2] == walk([["a", "b"], []])


def test_the_other_parameters_stay() -> None:
    first = first_request({"type": "GUI"}, PAGES)
    second = next_request(first, {"results": ["a", "b"]}, PAGES)
    assert {"type": "GUI", "page": 2} == second


def test_pages_without_end_are_given_up() -> None:
    with pytest.raises(Reject):
        walk([["a", "b"]] * 4)


def test_a_cursor_goes_on_from_the_last_item_as_long_as_pages_are_full() -> None:
    first = first_request({}, CURSOR)
    assert {"lastId": "0" * 24} == first
    second = next_request(first, rows("a1", "a2"), CURSOR)
    assert {"lastId": "a2"} == second
    assert next_request({"lastId": "a2"}, rows("a3"), CURSOR) is None


def test_a_walk_begins_where_the_last_one_ended() -> None:
    assert {"lastId": "a3"} == first_request({}, CURSOR, "a3")


def test_an_empty_page_leaves_the_cursor_where_it_is() -> None:
    assert "a3" == next_cursor(rows("a3"), CURSOR)
    assert next_cursor(rows(), CURSOR) is None
    assert next_cursor({"_embedded": {}}, CURSOR) is None
    assert next_request({"lastId": "a3"}, {}, CURSOR) is None


def test_an_answer_of_another_shape_is_rejected() -> None:
    with pytest.raises(Reject):
        items_of({"results": "text"}, PAGES)
    with pytest.raises(Reject):
        next_cursor({"_embedded": {"rh:doc": [{"id": 1}]}}, CURSOR)

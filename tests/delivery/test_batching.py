"""Who goes together in one call, and whose each row of the answer is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.messages import Answer
from hub.contract.types import Document, Value
from hub.delivery.batching import Joining, Part, company, key_of
from hub.registry.batch import Batch, codes, pairs
from hub.registry.yaml_file import Plain

BY_NAME = Batch("body.data", "result", "MaHoSo")
BY_POSITION = Batch("body.data", "result", "$position")


def joining(batch: Batch = BY_NAME) -> Joining:
    return Joining("progress", batch, pairs(batch))


def request(name: Value, **rest: Value) -> Document:
    return {"body": {"service": "CapNhat", **rest, "data": [{"MaHoSo": name, "TrangThai": "4"}]}}


def part(name: Value, batch: Batch = BY_NAME, **rest: Value) -> Part:
    found = joining(batch).part("POST /g", request(name, **rest))
    assert found is not None
    return found


def rows(*found: Value) -> Answer:
    return Answer(200, {"error_code": 0, "result": list(found)}, excerpt="x")


def whose(answer: Answer, parts: list[Part], batch: Batch = BY_NAME) -> list[Value] | None:
    cut = joining(batch).apart(answer, parts)
    return None if cut is None else [one.document["result"] if one else None for one in cut]


def row(name: Value, code: Value = 0) -> Document:
    return {"MaHoSo": name, "code": code}


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ("a", (("a", "a"),)),
        (["a", "b.c"], (("a", "a"), ("b.c", "b.c"))),
        ({"a": "ma"}, (("a", "ma"),)),
        ("$position", ()),
    ],
)
def test_what_a_row_is_known_by(
    match: str | list[str] | dict[str, str], found: tuple[tuple[str, str], ...]
) -> None:
    assert pairs(Batch("x", "y", match)) == found


@pytest.mark.parametrize(
    "document",
    [
        {"body": {"data": []}},
        {"body": {"data": [{"MaHoSo": "A"}, {"MaHoSo": "B"}]}},
        {"body": {"data": {"MaHoSo": "A"}}},
        {"body": {"data": ["A"]}},
        {"body": {"data": [{"TrangThai": "4"}]}},
        {"body": {"data": [{"MaHoSo": {"a": "b"}}]}},
        {"body": {}},
        {"body": None},
    ],
)
def test_a_request_without_one_named_item_goes_alone(document: Document) -> None:
    assert joining().part("POST /g", document) is None


def test_requests_that_differ_in_their_items_alone_become_one() -> None:
    one, two = part("A", session="s"), part("B", session="s")
    assert joining().joined([one, two]) == {
        "body": {
            "service": "CapNhat",
            "session": "s",
            "data": [{"MaHoSo": "A", "TrangThai": "4"}, {"MaHoSo": "B", "TrangThai": "4"}],
        }
    }
    assert joining().joined([one]) == one.request == request("A", session="s")


def test_only_what_is_alike_and_can_be_told_apart_goes_together() -> None:
    other = Joining("another flow", BY_NAME, pairs(BY_NAME)).part("POST /g", request("F"))
    elsewhere = joining().part("POST /h", request("G"))
    parts = [part("A"), part("B", isUpdating="True"), None, part("A"), part("C"), other, elsewhere]
    assert company([*parts, part("D")], 50) == [0, 4, 7]
    assert company([*parts, part("D")], 2) == [0, 4]
    assert company(parts, 1) == company([None, part("A")], 50) == [0]
    same = [part("A", BY_POSITION), part("A", BY_POSITION)]
    assert company(same, 50) == [0, 1], "by position, each has its own row"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (rows(row("B"), row("A")), [[row("A")], [row("B")]]),
        (rows(row("B")), [None, [row("B")]]),
        (rows(row("A", 1), row("A", 2), row("B")), [None, [row("B")]]),
        (rows(row("A", 1), row("A", 2), row("A", 1), row("B")), [None, [row("B")]]),
        (rows(row("A"), row("A")), [[row("A")], None]),
        (rows(row("C")), [None, None]),
        (rows("A", None, {}), [None, None]),
        (rows(), None),
        (Answer(200, {"error_code": 0}), None),
        (Answer(200, {"result": "A"}), None),
    ],
)
def test_an_item_hears_its_own_row(answer: Answer, found: list[Value] | None) -> None:
    assert whose(answer, [part("A"), part("B")]) == found


def test_a_number_and_its_text_are_one_name() -> None:
    assert whose(rows(row("7 ")), [part(7)]) == [[row("7 ")]]
    assert whose(rows(row("Ta\u0301ch")), [part("T\u00e1ch")]) == [[row("Ta\u0301ch")]]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (rows({"c": 1}, {"c": 2}), [[{"c": 1}], [{"c": 2}]]),
        (rows({"c": 1}), [None, None]),
        (rows({"c": 1}, {"c": 2}, {"c": 3}), [None, None]),
    ],
)
def test_by_position_rows_count_if_there_is_one_for_each(
    answer: Answer, found: list[Value] | None
) -> None:
    assert whose(answer, [part("A", BY_POSITION), part("B", BY_POSITION)], BY_POSITION) == found


def test_the_rest_of_the_answer_is_everybodys() -> None:
    (one,) = joining().apart(rows(row("A")), [part("A")]) or [None]
    assert one == Answer(200, {"error_code": 0, "result": [row("A")]}, excerpt="x")


def test_people_see_the_codes_of_the_items_own_row() -> None:
    shows = replace(joining(), codes=("code", "no.such"))
    cut = shows.apart(rows(row("B", "7" * 30), row("A", 3)), [part("A"), part("B")])
    assert cut is not None
    excerpts = [one.excerpt for one in cut if one]
    assert excerpts == ["x; code: 3; no.such: None", f"x; code: {'7' * 20}; no.such: None"]


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ({"result.code": 0, "result.ma.so": {"integer": [1, 2]}}, ("code", "ma.so")),
        ({"result.text": {"contains": "x"}, "result.any": {"present": True}}, ()),
        ({"status": 200, "error_code": 0, "resulting.code": 1}, ()),
    ],
)
def test_what_is_compared_with_a_code_is_a_code(
    when: dict[str, Plain], found: tuple[str, ...]
) -> None:
    assert codes(BY_NAME, [when, when]) == found


def test_one_item_keeps_its_key_and_the_same_items_give_the_same_key() -> None:
    assert key_of(["a"]) == "a"
    assert key_of(["a", "b"]) == key_of(["a", "b"])
    assert (
        len({key_of(["a", "b"]), key_of(["b", "a"]), key_of(["ab", ""]), key_of(["", "ab"])}) == 4
    )


NAMES = st.lists(st.sampled_from("ABCDEFG"), min_size=1, max_size=12)


@given(names=NAMES, most=st.integers(1, 9), data=st.data())
def test_whatever_is_joined_every_item_goes_once_and_hears_its_own(
    names: list[str], most: int, data: st.DataObject
) -> None:
    waiting = [part(name, kind=data.draw(st.sampled_from("xy"))) for name in names]
    sent: list[Value] = []
    while waiting:
        places = company(waiting, most)
        assert 1 <= len(places) <= most
        together = [waiting[place] for place in places]
        joined = joining().joined(together)
        assert {one.rest["body"]["kind"] for one in together} == {joined["body"]["kind"]}  # type: ignore[index,call-overload]
        answered = data.draw(st.permutations([row(one.name[0], one.name[0]) for one in together]))
        assert whose(rows(*answered), together) == [[row(n.name[0], n.name[0])] for n in together]
        sent += [one.name[0] for one in together]
        waiting = [one for place, one in enumerate(waiting) if place not in places]
    assert sorted(map(str, sent)) == sorted(names)

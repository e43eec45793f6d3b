"""YAML is read without surprises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.documents import Json, Node, read
from hub.errors import Reject

READ: list[tuple[str, Json]] = [
    ("[NO, on, 12:30, 2020-01-01, 0o7]", ["NO", "on", "12:30", "2020-01-01", "0o7"]),
    ("[010, +1, 1e3, .5, 1.0]", [10, 1, 1000.0, 0.5, 1.0]),
    ("[true, False, ~, 'true', null]", [True, False, None, "true", None]),
    ("a:", {"a": None}),
    ("200: {x: [1, two]}", {"200": {"x": [1, "two"]}}),
    ('{"a": "\\u1ea1", "b": []}', {"a": "ạ", "b": []}),
    ("a: &x 1", {"a": 1}),
    ("- |\n  two\n  lines\n", ["two\nlines\n"]),
    ("", None),
]

LOOK = "look at the brackets, quotes and indentation there and just before"
REFUSED: list[tuple[bytes, str]] = [
    (b"a: &x [1]\nb: *x", "x.yaml:2: a YAML alias is not supported; write $ref instead"),
    (b"a: 1\nb: 2\na: 3", "x.yaml:3: the key 'a' stands twice; keep one of the two"),
    (
        b"a: !!python/object/apply:os.system [x]",
        "x.yaml:1: a YAML tag is not supported; leave it out",
    ),
    (b"a: !!map {b: 1}", "x.yaml:1: a YAML tag is not supported; leave it out"),
    (b"a: !!python/object:os.system x", "x.yaml:1: a YAML tag is not supported; leave it out"),
    (b"[1]: 2", "x.yaml:1: a key that is not a text; put it in quotes"),
    (b"true: 2", "x.yaml:1: a key that is not a text; put it in quotes"),
    (b"--- 1\n--- 2", "x.yaml:2: several documents in one file; keep one"),
    (b"a: b: c", f"x.yaml:1: not YAML: mapping values are not allowed in this context; {LOOK}"),
    (
        b"a: \x07",
        "x.yaml: not YAML: a character that may not stand there; leave control characters out",
    ),
    (b"\xff", "x.yaml: not in UTF-8; save it as UTF-8"),
    (b"[" * 200_000, "x.yaml:1: nested deeper than 100; write it flatter"),
    (b"- " * 200_000, "x.yaml:1: nested deeper than 100; write it flatter"),
    (
        b"[" + b"1," * 200_001 + b"]",
        "x.yaml:1: more than 200000 values; leave out what is not used",
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=range(len(READ)))
def test_plain_values_follow_yaml_1_2(text: str, expected: Json) -> None:
    assert read("x.yaml", text.encode()).value == expected


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.timeout(20)
def test_a_surprise_is_refused_with_its_line(body: bytes, message: str) -> None:
    with pytest.raises(Reject) as refused:
        read("x.yaml", body)
    assert str(refused.value) == message


def test_every_object_knows_its_line_and_pointer() -> None:
    source = read("x.yaml", b"a:\n  b/c:\n    - {}\n    - d: 1\n")
    node = Node(source, source.value).child("a").child("b/c").child(1)
    assert node.where == "x.yaml:4 #/a/b~1c/1"
    assert node.child("d").value == 1
    assert node.child("absent").value is None


LETTERS = st.text(st.sampled_from("aễ0 \"':#{}[]-,&*!\n\\"), max_size=5)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_json_is_read_as_json(value: Json) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    assert read("x.json", body).value == value

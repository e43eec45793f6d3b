"""JSON has one reading, within bounds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.binding import Limits
from hub.contract.json import decode
from hub.contract.types import Value
from hub.errors import Reject

LIMITS = Limits()

REFUSED = [
    (b'{"a":1,"a":2}', "a key stands twice"),
    (b'{"a" : 1, "a"\t:\n2}', "a key stands twice"),
    (b'{"a":1,"\\u0061":2}', "a key stands twice"),
    (b'[{"x":{"a":":","a":1}}]', "a key stands twice"),
    (b'{"\\"":1,"\\"":2}', "a key stands twice"),
    (b"[1e999]", "not well-formed"),
    (b"[NaN]", "not well-formed"),
    (b"[Infinity]", "not well-formed"),
    (b'"\\ud800"', "not well-formed"),
    (b'"\xff"', "not well-formed"),
    (b'\xef\xbb\xbf"a"', "not well-formed"),
    (b"", "not well-formed"),
    (b"01", "not well-formed"),
    (b"{'a':1}", "not well-formed"),
    (b"[1,]", "not well-formed"),
    (b'"\x01"', "not well-formed"),
    (b"{} {}", "not well-formed"),
    (b"[9223372036854775808]", "a whole number beyond 64 bits"),
    (b'{"a":-9223372036854775809}', "a whole number beyond 64 bits"),
    (b"123456789012345678901", "a whole number beyond 64 bits"),
    (b"[" * 65 + b"]" * 65, "nested deeper than 64"),
    (b"[" * 1_000_000, "nested deeper than 64"),
    (b'{"a":' * 200_000, "nested deeper than 64"),
    (b"[" + b"{}," * 100_001 + b"{}]", "too many values"),
    (b'{"a":' + b"1" * 1_048_576 + b"}", "more than 1048576 bytes"),
]


@pytest.mark.parametrize(("body", "why"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.timeout(10)
def test_a_hostile_document_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Reject, match=why) as refused:
        decode(body, LIMITS)
    assert refused.value.code in {"malformed", "too-large"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":":","b":"\\":"}',
        b'{"":1," ":{"":2}}',
        '{"tên":"Nguyễn Văn Mẫu","x":[1.5,-0,null,true]}'.encode(),
        b'"123456789012345678901"',
        b"[9223372036854775807,-9223372036854775808]",
        b"[" * 64 + b"]" * 64,
        b' \n{"a" : [ ] } ',
    ],
)
def test_an_ordinary_document_is_read_as_it_stands(body: bytes) -> None:
    assert decode(body, LIMITS) == json.loads(body)


KEYS = st.text(st.sampled_from('ab":\\ '), max_size=3)
VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@given(VALUES, st.booleans())
def test_whatever_another_encoder_writes_is_read_back(value: Value, spaced: bool) -> None:
    separators = (" ,\n", "\t: ") if spaced else (",", ":")
    assert decode(json.dumps(value, separators=separators).encode(), LIMITS) == value


@given(VALUES, KEYS, st.integers(0, 9))
def test_a_doubled_key_is_always_found(value: Value, key: str, other: int) -> None:
    twice = f"{json.dumps(key)}:{other}"
    body = f'[{json.dumps(value)},{{{twice},"c":[{{}}],{twice}}}]'
    with pytest.raises(Reject, match="a key stands twice"):
        decode(body.encode(), LIMITS)

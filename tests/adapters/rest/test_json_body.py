"""Looking at the whole text gives the same documents as looking at every string."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.rest.json_body import read_json
from hub.contract.binding import Limits
from hub.contract.types import Value
from hub.errors import Reject

LIMITS = Limits()
# Letters that compose, marks that reorder, look-alikes, and characters that touch structure.
LETTERS = 'aeoDdÐðĐệ゙̛̂̃̀がᄀ가=≠<\u0338,:[]{}"\\\n'
TEXTS = st.text(st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs", "Cc"]))
DOCUMENTS = st.recursive(
    TEXTS | st.integers(-(2**60), 2**60) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def one_form(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("Ð", "Đ").replace("ð", "đ")


def expected(value: Value) -> Value:
    if isinstance(value, str):
        return one_form(value)
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, dict):
        return {one_form(key): expected(item) for key, item in value.items()}
    return value


def keys_clash(value: Value) -> bool:
    if isinstance(value, list):
        return any(keys_clash(item) for item in value)
    if isinstance(value, dict):
        clash = len({one_form(key) for key in value}) != len(value)
        return clash or any(keys_clash(item) for item in value.values())
    return False


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_text_is_brought_to_its_one_form(
    document: Value, ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    if keys_clash(document):
        with pytest.raises(Reject):
            read_json(body, LIMITS)
        return
    sent, read = read_json(body, LIMITS)
    assert document == sent
    assert expected(document) == read


@pytest.mark.parametrize(
    "body",
    [
        b'"\\u0000"',
        b'"\\u001b[0m"',
        b'"a\\bc"',
        b'"a\\fc"',
        b'"\x7f"',
        b'"\xc2\x85"',
        b'{"\\u0001":1}',
    ],
)
def test_control_characters_are_refused_however_they_are_written(body: bytes) -> None:
    with pytest.raises(Reject) as caught:
        read_json(body, LIMITS)
    assert caught.value.code in ("control_character", "malformed")


def test_tab_and_line_ends_are_text() -> None:
    assert "a\tb\r\nc" == read_json(b'"a\\tb\\r\\nc"', LIMITS)[1]

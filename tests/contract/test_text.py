"""One form for every text: NFC, Vietnamese Đ, no control characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.text import normalise
from hub.errors import Reject


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("H44.99.99-251013-0001", "H44.99.99-251013-0001"),
        ("Vi\u0303nh Phu\u0301c", "Vĩnh Phúc"),
        ("\u00d0\u1eb7ng, \u00f0\u1ecba", "Đặng, địa"),
        ("Hòa và Hoà", "Hòa và Hoà"),  # two conventions, both kept
        ("a\tb\r\nc", "a\tb\r\nc"),
        ("", ""),
    ],
)
def test_a_text_has_one_form(text: str, expected: str) -> None:
    assert expected == normalise(text)


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\x7f", "\x85", "\ud800"])
def test_a_control_character_is_refused_and_the_text_not_shown(character: str) -> None:
    with pytest.raises(Reject) as refused:
        normalise(f"026001000011{character}")
    assert f"U+{ord(character):04X}" in refused.value.what
    assert "026001000011" not in str(refused.value)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_the_form_is_stable(text: str) -> None:
    once = normalise(text)
    assert once == normalise(once)
    assert unicodedata.is_normalized("NFC", once)

"""Which values of a request are personal, and that a text is rid of them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.personal import HIDDEN, compile_personal, without
from hub.contract.types import Document, Field, Integer, ListOf, MapOf, OneOf, Record, Ref, Text

PERSON = Record("Nguoi", (Field("ten", Text(), pii="p"), Field("vai", Text(), pii="n")))
TYPES = {"Nguoi": PERSON}
REQUEST = Record(
    "Gui",
    (
        Field("ma", Text()),
        Field("chu", Ref("Nguoi")),
        Field("khac", ListOf(Ref("Nguoi"))),
        Field("theo", MapOf(Ref("Nguoi"))),
        Field("ben", OneOf((PERSON, Record("ToChuc", (Field("dienThoai", Integer(), pii="s"),))))),
        Field("giay", Record("Giay", (Field("so", Text()),)), pii="s"),
    ),
)


def test_every_value_below_a_personal_field_is_found() -> None:
    document: Document = {
        "ma": "H44-1",
        "chu": {"ten": "An", "vai": "chủ"},
        "khac": [{"ten": "Bình"}, {"ten": None}],
        "theo": {"x": {"ten": "Chi"}},
        "ben": {"dienThoai": 912000111},
        "giay": {"so": ["D1", {"tiep": "D2"}], "dung": True},
    }
    found = compile_personal(REQUEST, TYPES)(document)
    assert ["An", "Bình", "Chi", "912000111", "D1", "D2"] == found


def test_the_cost_of_a_large_request_is_bounded() -> None:
    document: Document = {"khac": [{"ten": f"Mẫu {n}"} for n in range(10_000)]}
    assert 500 == len(compile_personal(REQUEST, TYPES)(document))


@pytest.mark.parametrize(
    "text", ["Nguyễn Văn Mẫu", "NGUYỄN VĂN MẪU", "Nguye\u0302\u0303n Văn Mẫu"], ids=ascii
)
def test_a_value_is_hidden_however_it_is_written(text: str) -> None:
    assert f"no {HIDDEN}!" == without(f"no {text}!", ["Nguyễn Văn Mẫu", "Văn"])


def test_what_is_too_short_to_tell_anything_stays() -> None:
    assert "Ba (1)" == without("Ba (1)", ["Ba", "1", ""])


@given(st.text("aſsSßẞİıIéÉ Đđ", max_size=30), st.text("aſsSßẞİıIéÉĐđ", min_size=3, max_size=4))
def test_a_value_is_taken_out_however_its_letters_fold(text: str, value: str) -> None:
    folded = unicodedata.normalize("NFC", value).casefold()
    assert folded not in without(f"{text}{value.upper()}{text}", [value]).casefold()

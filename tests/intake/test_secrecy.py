import pytest

from hub.contract.types import Document
from hub.intake.secrecy import violation

MARKS = ["DoMat", "HoSo.DoMat"]
TEXTS = ["NoiDung", "HoSo.TrichYeu"]


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({"DoMat": "C"}, "mark DoMat"),
        ({"DoMat": 1}, "mark DoMat"),
        ({"HoSo": {"DoMat": " A "}}, "mark HoSo.DoMat"),
        ({"NoiDung": "Công văn\n  MẬT  \n"}, "text NoiDung"),
        ({"NoiDung": "[TỐI MẬT]"}, "text NoiDung"),
        ({"HoSo": {"TrichYeu": "(TUYỆT MẬT)\nvề việc"}}, "text HoSo.TrichYeu"),
        ({"DoMat": ""}, None),
        ({"DoMat": "0", "HoSo": {"DoMat": None}}, None),
        ({"NoiDung": "MẬT ONG"}, None),
        ({"NoiDung": "Mật"}, None),
        ({"NoiDung": "tài liệu MẬT"}, None),
        ({"NoiDung": "HOẢ TỐC"}, None),
        ({}, None),
    ],
)
def test_a_secrecy_mark_is_seen_and_nothing_else(document: Document, rule: str | None) -> None:
    assert violation(document, MARKS, TEXTS) == rule


def test_every_element_of_a_list_is_looked_at() -> None:
    document: Document = {"data": [{"doMat": "0"}, {"doMat": "B"}]}
    assert violation(document, ["data.doMat"], []) == "mark data.doMat"

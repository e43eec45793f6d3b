"""What people see: no personal value, except the parts that the domain lets stay."""

import json

import pytest

from hub.contract.types import Value
from hub.events import Masks
from hub.events.catalogue import Json, build, fields_of
from hub.events.masks import HIDDEN, ends, initials
from tests.events.records import CATALOGUE, STATUS_CHANGED, example

MASKS = Masks(CATALOGUE)


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        ("026001000011", "026*******11"),
        ("0300000011", "030*****11"),
        ("12345678", "123***78"),
        ("1234567", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_numbers_keep_three_and_two(number: str, seen: str) -> None:
    assert seen == ends(number)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Nguyễn Văn Mẫu", "N.V.M."),
        ("  đặng   văn nháp ", "Đ.V.N."),
        ("Đặng Văn Nháp", "Đ.V.N."),
        ("Mẫu 0300000011", HIDDEN),
        ("một hai ba bốn năm sáu bảy tám chín", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_names_become_initials(name: str, seen: str) -> None:
    assert seen == initials(name)


def test_an_event_shows_what_is_harmless() -> None:
    seen = MASKS.mask("dossier.v1.StatusChanged", STATUS_CHANGED)
    assert {**STATUS_CHANGED, "officer_name": "T.T.T.", "note": HIDDEN} == seen


def _marked(kind: Json, mark: str) -> Value:
    """A value of that type whose every personal text is `mark`."""
    if isinstance(kind, list):
        return _marked(kind[1], mark)
    if isinstance(kind, str):
        return mark
    assert isinstance(kind, dict)
    if kind["type"] == "array":
        return [_marked(kind["items"], mark)]
    if kind["type"] != "record":
        return mark
    return {
        field: "harmless" if spec.get("pii") == "n" else _marked(spec["type"], mark)
        for field, spec in fields_of(kind)
    }


@pytest.mark.parametrize("name", sorted(CATALOGUE.whole))
def test_no_personal_value_is_left(name: str) -> None:
    mark = "0123456789abcdef"
    record = _marked(CATALOGUE.whole[name], mark)
    assert isinstance(record, dict)
    text = json.dumps(MASKS.mask(name, record))
    assert "456789" not in text
    assert json.dumps(record).count('"harmless"') == text.count('"harmless"')


def test_the_original_is_not_touched_and_absence_stays() -> None:
    record = example("dossier.v1.Received")
    before = json.dumps(record)
    seen = MASKS.mask("dossier.v1.Received", {**record, "local_code": None})
    assert before == json.dumps(record)
    assert seen["local_code"] is None
    dossier = seen["dossier"]
    assert isinstance(dossier, dict)
    applicant = dossier["applicant"]
    assert isinstance(applicant, dict)
    assert HIDDEN == applicant["birth_date"]


def test_what_no_schema_declares_is_not_shown() -> None:
    assert {"a": HIDDEN, "b": None} == MASKS.mask("x.v1.Stranger", {"a": "secret", "b": None})
    assert "surprise" not in MASKS.mask(
        "dossier.v1.StatusChanged", {**STATUS_CHANGED, "surprise": "secret"}
    )
    forgotten = build(
        {
            "x.v1.A": {
                "type": "record",
                "name": "A",
                "namespace": "x.v1",
                "fields": [{"name": "b", "type": "string"}, {"name": "c"}],
            }
        }
    )
    masked = Masks(forgotten).mask("x.v1.A", {"b": "secret", "c": "secret"})
    assert {"b": HIDDEN, "c": HIDDEN} == masked

"""Holes: what a person has to decide is named by the check, with what could be meant."""

import pytest

from hub.mapping.diagnostics import Diagnostic
from hub.mapping.likeness import folded, likeness, synonyms_of, words
from hub.mapping.program import FlowSignature, MappingErrors, compile_mapping
from tests.mapping.mapping_kit import DOC, MADE, SETTINGS

MAPPING = '''"""A mapping with holes."""

KIND = {"1": "A"}


def told(doc):
    return Happened(
        %s
    )
'''


def found(*lines: str) -> tuple[Diagnostic, ...]:
    flow = FlowSignature(
        "told",
        (DOC,),
        {"Happened": MADE},
        {"Happened": "x.Happened"},
        {"Happened": MADE},
        many=True,
    )
    source = MAPPING % "\n        ".join(lines)
    with pytest.raises(MappingErrors) as refused:
        compile_mapping(source, "mapping.py", [flow], SETTINGS)
    return refused.value.diagnostics


def test_a_hole_is_named_with_its_kind_and_what_could_be_meant() -> None:
    (hole,) = found('key=todo("the dossier code"),')
    assert hole.code == "hole"
    assert hole.what == "not written yet: the dossier code"
    assert (hole.at, hole.field) == ("mapping.py:8:13", "key")
    assert hole.note == "the field key, a text"
    assert hole.fix == "perhaps doc.key"


def test_every_hole_is_told_and_hides_no_other_mistake() -> None:
    told = found('key=todo("one"),', 'at=todo("two"),', "paper=doc.nothing,")
    assert [each.code for each in told] == ["hole", "hole", "unknown-field"]
    assert told[1].fix == "perhaps instant(doc.moment)"  # a moment, whatever its name


def test_a_hole_may_stand_where_only_a_part_is_missing() -> None:
    told = found(
        "key=doc.key,",
        'note=default(doc.note, todo("if there is none")),',
        'kind=code(KIND, doc.day, otherwise=todo("any other")),',
    )
    assert [each.what for each in told] == [
        "not written yet: if there is none",
        "not written yet: any other",
    ]
    assert told[0].field == "note"


def test_only_values_whose_kind_fits_are_proposed() -> None:
    (hole,) = found("key=doc.key,", 'count=todo("how many"),')
    assert hole.fix == "perhaps doc.count"
    (hole,) = found("key=doc.key,", 'sure=todo("whether"),', "count=doc.count,")
    assert hole.fix == "perhaps doc.sure"
    (hole,) = found("key=doc.key,", 'small=todo("which"),')
    assert hole.fix == "nothing here looks like small"


@pytest.mark.parametrize("argument", ["doc.key", "1", ""])
def test_a_hole_says_in_a_literal_text_what_is_wanted(argument: str) -> None:
    (mistake,) = found(f"key=todo({argument}),")
    assert mistake.code in ("not-literal", "wrong-arguments")


@pytest.mark.parametrize("name", ["maHoSo", "ma_ho_so", "MaHoSo", "Mã hồ sơ", "MA_HO_SO"])
def test_accents_case_and_joints_do_not_count(name: str) -> None:
    assert folded(name) == "mahoso"
    assert words(name) == ("ma", "ho", "so")


def test_what_mappings_joined_before_is_a_pair() -> None:
    learnt = synonyms_of(
        [
            "def f(doc):\n    return Party(phone=trim(doc.SoDienThoai), name=setting.name)",
            "not python",
        ]
    )
    assert learnt == {"phone": {"sodienthoai"}, "sodienthoai": {"phone"}}
    assert likeness(("so_dien_thoai",), ("sender", "phone"), learnt) > 0.8
    assert likeness(("so_dien_thoai",), ("sender", "phone")) == 0


def test_the_way_to_a_field_tells_equal_names_apart() -> None:
    wanted = ("receiverPhone",)
    assert likeness(wanted, ("receiver", "phone")) > likeness(wanted, ("sender", "phone"))

"""Administrative units across 1 July 2025 (domain: codes, section 5; scenario 7)."""

from datetime import date

import pytest

from hub.errors import Reject
from hub.mapping.functions.units import (
    Link,
    commune_now,
    predecessors,
    province_now,
    successors,
    unit,
    unit_name,
)


def day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


OLD, NEW = day("2025-06-26"), day("2025-07-02")
LAST_OLD, FIRST_NEW = day("2025-06-30"), day("2025-07-01")


@pytest.mark.parametrize(
    ("code", "on", "name", "parent"),
    [
        ("08707", OLD, "Phường Tích Sơn", "243"),
        ("08707", NEW, "Phường Vĩnh Yên", "25"),
        ("08716", OLD, "Phường Đống Đa", "243"),
        ("08716", NEW, "Phường Vĩnh Phúc", "25"),
        ("08740", OLD, "Phường Hai Bà Trưng", "244"),
        ("08740", NEW, "Phường Phúc Yên", "25"),
        ("08731", OLD, "Xã Thanh Trù", "243"),
        ("08707", LAST_OLD, "Phường Tích Sơn", "243"),
        ("08707", FIRST_NEW, "Phường Vĩnh Yên", "25"),
        ("25", OLD, "Tỉnh Phú Thọ", ""),
        ("25", NEW, "Tỉnh Phú Thọ", ""),
        ("26", OLD, "Tỉnh Vĩnh Phúc", ""),
        ("243", OLD, "Thành phố Vĩnh Yên", "26"),
    ],
)
def test_a_code_means_a_unit_of_its_day(code: str, on: int, name: str, parent: str) -> None:
    found = unit(code, on)
    assert found is not None
    assert (name, parent) == (found.name, found.parent)
    assert name == unit_name(code, on)


@pytest.mark.parametrize(
    ("code", "on"), [("08731", NEW), ("26", NEW), ("17", NEW), ("243", NEW), ("99999", OLD)]
)
def test_a_code_may_mean_nothing(code: str, on: int) -> None:
    assert unit(code, on) is None
    assert unit_name(code, on) is None
    assert () == successors(code, on, NEW)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("08731", [("08707", "FULL")]),
        ("04957", [("04924", "PART"), ("04960", "PART")]),
        ("04891", [("04828", "PART"), ("04891", "PART")]),
        ("05221", [("05200", "PART"), ("05212", "PART")]),
        ("26", [("25", "FULL")]),
        ("17", [("25", "FULL")]),
        ("25", [("25", "FULL")]),
    ],
)
def test_a_unit_has_successors(code: str, expected: list[tuple[str, str]]) -> None:
    assert [Link(*link) for link in expected] == list(successors(code, OLD, day("2025-07-08")))


def test_a_unit_is_its_own_successor_within_one_life() -> None:
    assert (Link("08707", "FULL"),) == successors("08707", OLD, LAST_OLD)
    assert (Link("04960", "FULL"),) == successors("04960", day("2025-07-09"), day("2026-01-01"))
    assert () == successors("08707", NEW, OLD)


def test_backward_look_ups_give_lists() -> None:
    found = predecessors("08707", NEW, OLD)
    assert Link("08731", "FULL") in found
    assert Link("08707", "FULL") in found
    assert len(found) > 2
    assert Link("04957", "PART") in predecessors("04960", NEW, OLD)
    assert (Link("08731", "FULL"),) == predecessors("08731", OLD, OLD)


def test_an_old_code_is_carried_over_only_where_it_is_certain() -> None:
    assert "08707" == commune_now("08731", OLD, day("2025-07-08"))
    assert "04960" == commune_now("04960", day("2025-07-09"), day("2025-07-09"))
    assert "25" == province_now("26", OLD, NEW)
    with pytest.raises(Reject, match=r"commune 04957 has 2 successors \(04924, 04960\)"):
        commune_now("04957", OLD, NEW)


@pytest.mark.parametrize(
    ("code", "as_of"),
    [("08731", NEW), ("26", OLD), ("Nguyễn Văn Mẫu", OLD), ("", OLD), ("1", 10**18)],
)
def test_what_is_no_commune_is_refused_without_its_value(code: str, as_of: int) -> None:
    with pytest.raises(Reject, match="there is no commune") as caught:
        commune_now(code, as_of, NEW)
    assert "Nguyễn" not in str(caught.value)


def test_the_merged_province_is_as_published() -> None:
    communes = [f"{number:05}" for number in range(100_000)]
    now = [code for code in communes if (u := unit(code, NEW)) is not None]
    phu_tho = [code for code in now if (u := unit(code, NEW)) is not None and u.parent == "25"]
    assert (3321, 148) == (len(now), len(phu_tho))
    assert 482 == sum(len(predecessors(code, NEW, OLD)) for code in phu_tho)
    kinds = [u.kind for code in phu_tho if (u := unit(code, NEW)) is not None]
    assert (133, 15) == (kinds.count("Xã"), kinds.count("Phường"))

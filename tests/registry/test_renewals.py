"""A secret that holds something else: seen at the second look, and nothing of it is kept."""

from pathlib import Path

import pytest

from hub.registry.renewals import Renewals
from hub.settings import resolve


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "key"
    found.write_text("một", encoding="utf-8")
    return found


def looked(file: Path) -> tuple[Renewals, str]:
    renewals, reference = Renewals(resolve), f"file:{file}"
    renewals.know([reference, "env:HOME"])
    assert renewals.look() == renewals.look() == frozenset()
    return renewals, reference


def test_another_content_counts_once_two_looks_have_seen_it(file: Path) -> None:
    renewals, reference = looked(file)
    file.write_text("ha", encoding="utf-8")
    assert renewals.look() == frozenset()
    file.write_text("hai", encoding="utf-8")
    assert renewals.look() == frozenset(), "it was still being written"
    assert renewals.look() == {reference}
    assert renewals.look() == frozenset()
    assert "hai" not in repr(vars(renewals))


def test_the_same_written_anew_is_no_change(file: Path) -> None:
    renewals, _ = looked(file)
    file.write_text("một\n", encoding="utf-8")
    assert renewals.look() == renewals.look() == frozenset()


@pytest.mark.parametrize("gone", [True, False])
def test_what_is_away_or_empty_changes_nothing_until_it_is_back(file: Path, *, gone: bool) -> None:
    renewals, reference = looked(file)
    if gone:
        file.unlink()
    else:
        file.write_text("", encoding="utf-8")
    assert renewals.look() == renewals.look() == frozenset()
    file.write_text("hai", encoding="utf-8")
    assert renewals.look() == frozenset()
    assert renewals.look() == {reference}


def test_what_was_never_there_is_a_change_when_it_comes(tmp_path: Path) -> None:
    file = tmp_path / "late"
    renewals, reference = looked(file)
    file.write_text("một", encoding="utf-8")
    assert renewals.look() == frozenset()
    assert renewals.look() == {reference}

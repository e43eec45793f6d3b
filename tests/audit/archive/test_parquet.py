"""Files that are searched: rows of any text, and days of any length."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.archive import parquet
from hub.audit.archive.parquet import merge_rows, search_rows, write_rows
from hub.audit.archive.query import Query
from hub.audit.archive.rows import Row
from hub.errors import Halt

AT = 1_760_321_100_000  # epoch ms


def row(number: int, dossier: str, says: str = "") -> Row:
    return Row(AT + number, "hub.dossier", 0, number, "event", dossier, says=says)


@given(
    st.dictionaries(
        st.text(max_size=20).filter(str.isprintable), st.text(max_size=40), min_size=1, max_size=20
    )
)
@settings(max_examples=25)
def test_any_text_comes_back_or_is_shown_as_none(
    tmp_path_factory: pytest.TempPathFactory, said: dict[str, str]
) -> None:
    """`said`: what a row says, by its dossier; many in a file, as writing one takes 40 ms."""
    folder = tmp_path_factory.mktemp("rows")
    file = folder / "rows.parquet"
    rows = [row(number, *one) for number, one in enumerate(said.items())]
    file.write_bytes(write_rows(rows, folder))
    found = {one.dossier: one.says for one in search_rows([file], Query(dossiers=tuple(said)))}
    assert found == {dossier: shown(says) for dossier, says in said.items()}


def shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def test_a_long_day_is_merged_into_ranges_of_dossiers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "PIECE", 1_000)
    files = []
    for part in range(3):
        rows = (row(n, f"H44.99.99-{n * 7919 % 2_000:06}") for n in range(part, 5_000, 3))
        files.append(tmp_path / f"{part}.parquet")
        files[-1].write_bytes(write_rows(rows, tmp_path))
    merged = []
    for number, raw in enumerate(merge_rows(files, tmp_path)):
        merged.append(tmp_path / f"merged-{number}.parquet")
        merged[-1].write_bytes(raw)
    assert 4 <= len(merged) <= 6
    every = Query(most=10_000)
    assert search_rows(merged, every) == search_rows(files, every)
    ranges = [{one.dossier for one in search_rows([file], every)} for file in merged]
    for earlier, later in pairwise(ranges):
        assert max(earlier) < min(later), "no dossier is in two"


def test_one_dossier_with_most_of_the_rows_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "PIECE", 100)
    file = tmp_path / "rows.parquet"
    file.write_bytes(write_rows((row(n, "A" if n % 20 else "B") for n in range(1_000)), tmp_path))
    counts = []
    for raw in merge_rows([file], tmp_path):
        (tmp_path / "merged.parquet").write_bytes(raw)
        counts.append(len(search_rows([tmp_path / "merged.parquet"], Query(most=10_000))))
    assert sum(counts) == 1_000
    assert max(counts) >= 950


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(Halt, match="cannot be read"):
        search_rows([file], Query())


def test_an_apostrophe_in_a_path_is_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "o'clock"
    folder.mkdir()
    file = folder / "rows.parquet"
    file.write_bytes(write_rows([row(1, "A")], folder))
    assert len(search_rows([file], Query())) == 1

"""Rows of one dossier, found by its code: as many as there are, in files of any length."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.archive import lookup
from hub.audit.archive.lookup import answers, look_up, merge_lookups, write_lookup
from hub.audit.archive.query import Query
from hub.audit.archive.rows import Row, printable
from hub.errors import Halt

AT = 1_760_321_100_000  # epoch ms
CODES = [f"H44.99.99-251013-{number:04}" for number in range(30)]


def row(number: int, dossier: str, says: str = "", kind: str = "event") -> Row:
    return Row(AT + number, "hub.dossier", 0, number, kind, dossier, says=says)


def written(folder: Path, *files: list[Row]) -> list[Path]:
    paths = []
    for number, rows in enumerate(files):
        paths.append(folder / f"{number}.rows")
        paths[-1].write_bytes(write_lookup(rows))
    return paths


@given(
    codes=st.lists(st.sampled_from([*CODES, "x", "đ 1", ""]), max_size=400),
    wanted=st.lists(st.sampled_from([*CODES, "x", "đ 1", "never"]), min_size=1, max_size=5),
    most=st.integers(1, 500),
    cut=st.integers(1, 50),
)
def test_it_finds_what_a_look_at_all_rows_finds(
    tmp_path_factory: pytest.TempPathFactory,
    codes: list[str],
    wanted: list[str],
    most: int,
    cut: int,
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    rows = [row(number, code) for number, code in enumerate(codes)]
    query = Query(dossiers=tuple(wanted), most=most)
    expected = [one for one in rows if query.fits(one)][-most:]
    files = written(folder, rows[::3], rows[1::3], rows[2::3])
    assert look_up(files, query) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "MOST", cut)
        merged = [folder / f"merged-{n}" for n, _ in enumerate(merge_lookups(files))]
        for path, raw in zip(merged, merge_lookups(files), strict=True):
            path.write_bytes(raw)
    assert look_up(merged, query) == expected


def test_a_dossier_of_more_rows_than_a_block_comes_whole(tmp_path: Path) -> None:
    rows = [row(number, CODES[number % 2]) for number in range(20 * lookup.BLOCK)]
    (file,) = written(tmp_path, rows)
    assert look_up([file], Query(dossiers=(CODES[0],), most=10_000)) == rows[::2]


def test_a_search_reads_few_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(number, f"H44.99.99-251013-{number:06}") for number in range(20_000)]
    (file,) = written(tmp_path, rows)
    read = []
    block = lookup._block

    def counted(*given: object) -> list[bytes]:
        read.append(given)
        return block(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(lookup, "_block", counted)
    assert look_up([file], Query(dossiers=(rows[7].dossier,))) == [rows[7]]
    assert len(read) <= 2


@given(says=st.text(max_size=80))
def test_any_text_comes_back_or_is_shown_as_none(
    tmp_path_factory: pytest.TempPathFactory, says: str
) -> None:
    (file,) = written(tmp_path_factory.mktemp("rows"), [row(1, CODES[0], says)])
    assert look_up([file], Query(dossiers=(CODES[0],))) == [printable(row(1, CODES[0], says))]


def test_a_refused_message_is_found_by_the_code_that_it_mentions(tmp_path: Path) -> None:
    said = [
        row(1, "", f"TB-7 {CODES[1]} · onestop · MaHoSo: is missing", kind="act"),
        row(2, "", f"({CODES[1]}), {CODES[2]}", kind="act"),
        row(3, "", f"{CODES[1]}9", kind="act"),
        row(4, "", CODES[1], kind="mark"),
        row(5, CODES[1], CODES[1], kind="act"),
    ]
    (file,) = written(tmp_path, said)
    assert look_up([file], Query(dossiers=("",), kind="act", mentions=CODES[1])) == said[:2]
    assert look_up([file], Query(dossiers=(CODES[1],))) == said[4:]


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(procedure="9.999901", dossiers=(CODES[0],)),
        Query(dossiers=("",)),
        Query(dossiers=("", CODES[0])),
        Query(dossiers=("",), mentions="two words 1"),
        Query(dossiers=("",), mentions="no digit"),
    ],
)
def test_what_stands_under_no_word_is_not_its_to_answer(query: Query) -> None:
    assert not answers(query)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (file,) = written(tmp_path, [row(number, CODES[number % 30]) for number in range(1_000)])
    whole = file.read_bytes()
    for damaged in (
        b"",
        b"hubrows2" + whole[8:],
        whole[:12],
        whole[:200],
        whole[:400] + b"\0" * (len(whole) - 400),
    ):
        file.write_bytes(damaged)
        with pytest.raises(Halt, match="cannot be read"):
            look_up([file], Query(dossiers=tuple(CODES)))
    file.unlink()
    with pytest.raises(Halt, match="cannot be read"):
        look_up([file], Query(dossiers=(CODES[0],)))

"""A campaign goes on where it was broken off, tells what is not yet so, fails when a row does."""

from pathlib import Path

import pytest
from msgspec import structs

from tests.faults.__main__ import main
from tests.faults.campaign import Result, Results, build
from tests.faults.rows import ROWS
from tests.faults.table import Plan

ROW = ROWS[0]
PASSED = Result(ROW.name, 1, 50, build(), passed=True, findings=[], not_yet=[], repeats=3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "faults" / "results.jsonl"


def run(file: Path) -> int:
    return main(["--row", ROW.name, "--seeds", "1", "--events", "50", "--out", str(file)])


def test_what_was_played_with_this_code_is_not_played_again(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Results(file).keep(PASSED)
    assert run(file) == 0
    assert f"| {ROW.name} | {ROW.title} | 1 | passed | 3 |" in capsys.readouterr().out
    assert Results(file).read() == [PASSED]


def test_a_row_that_fails_fails_the_campaign_and_says_how(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = Result(ROW.name, 1, 50, build(), False, [("I2", "1 early")], [])
    Results(file).keep(failed)
    assert run(file) == 1
    shown = capsys.readouterr()
    assert "**1 failed**" in shown.out
    assert "I2: 1 early" in shown.err


def test_what_is_known_to_be_missing_is_shown_and_does_not_fail(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Result(ROW.name, 1, 50, build(), True, [("I3", "9 repeats")], ["I3"])
    Results(file).keep(known)
    assert run(file) == 0
    assert "**not yet**: I3" in capsys.readouterr().out


def test_a_line_that_was_broken_off_is_left_out(file: Path) -> None:
    results = Results(file)
    assert results.read() == []
    results.keep(PASSED)
    with file.open("ab") as half:
        half.write(b'{"row":"work')
    assert results.read() == [PASSED]


def test_old_lines_are_shown_by_build_and_nothing_is_played(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Results(file)
    for build_, seed, passed in (("b1", 1, True), ("b2", 1, True), ("b2", 2, False)):
        results.keep(structs.replace(PASSED, build=build_, seed=seed, passed=passed, load=seed))

    def told(*builds: str) -> tuple[int, str]:
        status = main(["--out", str(file), "--report", *builds])
        return status, capsys.readouterr().out

    assert told()[0] == 1, "the last line's build"
    assert f"| {ROW.title} | 2 | **1 failed** |" in told()[1]
    assert told()[1].rstrip().endswith("| 1 to 2 |")
    assert told("b1")[0] == 0
    assert f"| {ROW.title} | 3 | **1 failed** |" in told("b1", "b2")[1]


def test_long_rows_are_played_with_fewer_seeds_and_a_size_of_their_own(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = next(row for row in ROWS if row.long and row.events)
    for seed in range(1, 5):
        Results(file).keep(structs.replace(PASSED, seed=seed))
    for seed in range(1, 4):
        size = long.events or 0
        Results(file).keep(structs.replace(PASSED, row=long.name, seed=seed, events=size))
    words = ["--row", ROW.name, "--row", long.name, "--events", "50", "--out", str(file)]
    assert main([*words, "--seeds", "1-4"]) == 0, "everything had been played"
    shown = capsys.readouterr().out
    assert f"| {ROW.title} | 4 | passed |" in shown
    assert f"| {long.title} (long) | 3 | passed |" in shown
    assert main([*words, "--seeds", "1-2", "--long-seeds", "3"]) == 0
    assert f"| {long.title} (long) | 1 | passed |" in capsys.readouterr().out


def test_a_plan_is_the_same_for_the_same_seed_and_strikes_under_load() -> None:
    moments = Plan.of("a", 20_000, 1).moments()
    assert moments == Plan.of("a", 20_000, 1).moments()
    assert moments != Plan.of("a", 20_000, 2).moments()
    assert moments != Plan.of("b", 20_000, 1).moments()
    assert len(moments) == 5
    assert moments == sorted(moments)
    assert 1_000 <= moments[0] <= moments[-1] <= 17_000

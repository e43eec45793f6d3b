"""The end of a log, however long it is and however often it rolls."""

from pathlib import Path

import pytest

from hub.dev import journal
from hub.dev.journal import follow, tail

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("content", "count", "lines"),
    [
        ("", 5, []),
        ("a\nb\nc\n", 2, ["b", "c"]),
        ("a\nb\nc", 2, ["b", "c"]),
        ("a\n", 5, ["a"]),
        ("a\nb\n", 0, []),
        ("hồ sơ\n", 1, ["hồ sơ"]),
    ],
)
def test_the_last_lines(tmp_path: Path, content: str, count: int, lines: list[str]) -> None:
    path = tmp_path / "log"
    path.write_text(content)
    assert lines == tail(path, count)


def test_no_file_has_no_lines(tmp_path: Path) -> None:
    assert [] == tail(tmp_path / "log", 5)


def test_lines_longer_than_a_block_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    long = "đ" * journal.BLOCK
    path.write_text(f"first\n{long}\n{long}\n")
    assert [long, long] == tail(path, 2)


def test_following_gives_whole_new_lines_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    writes = iter(["one\ntw", "o\nthree\n", ""])

    def alive() -> bool:
        added = next(writes)
        with path.open("a") as file:
            file.write(added)
        return bool(added)

    assert ["one", "two", "three"] == list(follow(path, alive))


def test_following_goes_on_across_a_roll(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")

    def before() -> None:
        with path.open("a") as file:
            file.write("last of the old\n")

    def roll() -> None:
        with path.open("a") as file:
            file.write("one more\n")
        path.rename(tmp_path / "log.1")
        path.write_text("first of the new\n")

    acts = iter([before, roll])

    def alive() -> bool:
        act = next(acts, None)
        if act:
            act()
        return act is not None

    assert ["last of the old", "one more", "first of the new"] == list(follow(path, alive))

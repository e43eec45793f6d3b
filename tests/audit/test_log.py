"""A log on the disk proves what a list in memory proves, and recovers whatever a crash left."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from hub.audit.log import WIDTH, LeafLog, perfect
from hub.audit.merkle import consistency, in_memory, inclusion, root
from hub.audit.verify import Checkpoint
from hub.errors import Halt

LEAVES = [sha256(str(n).encode()).digest() for n in range(3 * WIDTH + 77)]
TREE = in_memory(LEAVES)


def written(folder: Path, count: int = len(LEAVES), at_once: int = 100) -> LeafLog:
    log = LeafLog(folder, write=True)
    for begin in range(0, count, at_once):
        log.extend(LEAVES[begin : min(begin + at_once, count)])
    log.sync()
    return log


def signed(count: int) -> Checkpoint:
    return Checkpoint("hub/hub.dossier/0", count, root(count, TREE))


@pytest.mark.parametrize("at_once", [1, 100, 256, 1000])
def test_roots_and_proofs_are_those_of_a_list(tmp_path: Path, at_once: int) -> None:
    written(tmp_path, at_once=at_once).close()
    log = LeafLog(tmp_path)
    assert log.size == len(LEAVES)
    for size in (1, 255, 256, 257, 512, 600, 768, len(LEAVES)):
        assert log.root_at(size) == root(size, TREE)
        for index in {0, size // 2, size - 1}:
            assert inclusion(index, size, log.subtree) == inclusion(index, size, TREE)
        assert consistency(size, len(LEAVES), log.subtree) == consistency(size, len(LEAVES), TREE)
    assert log.leaves(254, 258) == LEAVES[254:258]


def test_many_levels(tmp_path: Path) -> None:
    log = LeafLog(tmp_path, write=True)
    tile = LEAVES[:WIDTH]
    for _ in range(WIDTH + 1):
        log.extend(tile)
    assert log.subtree(16, 0) == perfect([perfect(tile)] * WIDTH)
    assert [(tmp_path / str(n)).stat().st_size // 32 for n in range(3)] == [65_792, 257, 1]


@pytest.mark.parametrize("tail", [b"", b"half a hash", b"\x00" * 320])
@pytest.mark.parametrize("covered", [0, 1, 256, 500])
def test_what_was_not_signed_is_taken_back(tmp_path: Path, covered: int, tail: bytes) -> None:
    written(tmp_path, 600).close()
    with (tmp_path / "0").open("ab") as file:
        file.write(tail)
    log = LeafLog(tmp_path, write=True)
    log.recover(signed(covered) if covered else None)
    assert log.size == covered
    log.extend(LEAVES[covered:])
    assert log.root_at(len(LEAVES)) == root(len(LEAVES), TREE)


@pytest.mark.parametrize("left", [0, 31, 32, 256 * 32 + 5, 499 * 32])
def test_a_file_that_is_too_short_is_filled_from_where_it_ends(tmp_path: Path, left: int) -> None:
    written(tmp_path, 600).close()
    os.truncate(tmp_path / "0", left)
    log = LeafLog(tmp_path, write=True)
    log.recover(signed(500))
    assert log.size == left // 32
    log.extend(LEAVES[log.size : 500])
    log.check(signed(500))


def test_levels_that_are_missing_or_torn_are_made_anew(tmp_path: Path) -> None:
    written(tmp_path).close()
    (tmp_path / "1").write_bytes(b"x" * 64)
    (tmp_path / "2").write_bytes(b"y" * 64)
    log = LeafLog(tmp_path, write=True)
    log.recover(signed(700))
    assert log.root_at(700) == root(700, TREE)


def changed(folder: Path, level: int, place: int) -> None:
    with (folder / str(level)).open("r+b") as file:
        file.seek(place * 32)
        file.write(b"z" * 32)


def test_a_leaf_that_was_changed_is_found_at_its_tile(tmp_path: Path) -> None:
    log = written(tmp_path, 600)
    assert log.misfit(600) is None
    changed(tmp_path, 0, 300)
    assert log.misfit(600) == 256
    changed(tmp_path, 0, 3)
    assert log.misfit(600) == 0


@pytest.mark.parametrize(("level", "place"), [(0, 499), (0, 300), (1, 0)])
def test_what_is_not_what_was_signed_halts(tmp_path: Path, level: int, place: int) -> None:
    """Or is made right: a level follows from its leaves."""
    written(tmp_path, 600).close()
    changed(tmp_path, level, place)
    log = LeafLog(tmp_path, write=True)
    if level:
        log.recover(signed(500))
        assert log.misfit(500) is None
        return
    if place == 300:  # hidden below a level that is whole
        (tmp_path / "1").write_bytes(b"")
    with pytest.raises(Halt, match="not those that were signed"):
        log.recover(signed(500))


def test_a_file_that_forgets_names_the_hash(tmp_path: Path) -> None:
    written(tmp_path, 300).close()
    with pytest.raises(Halt, match="hash 300"):
        LeafLog(tmp_path).leaves(290, 310)

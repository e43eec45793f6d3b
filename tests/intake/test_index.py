from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hub.errors import Halt
from hub.intake.index import FactIndex, key_of
from hub.records import Spot

A, B = str(UUID(int=1)), str(UUID(int=2))
SPOT = Spot("hub.dossier", 3)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[FactIndex]:
    index = FactIndex(tmp_path / "index.db", "cluster-1")
    yield index
    index.close()


def test_what_nobody_kept_is_unknown(index: FactIndex) -> None:
    assert index.digest(A) is None


def test_what_was_kept_here_is_known_at_once_and_after_the_tail_met_it(index: FactIndex) -> None:
    index.kept(A, b"1")
    assert index.digest(A) == b"1"
    index.follow([(A, b"1")], {SPOT: 8})
    assert index.digest(A) == b"1"
    assert index.positions() == {SPOT: 8}


def test_the_first_record_of_an_event_counts(index: FactIndex) -> None:
    index.follow([(A, b"first"), (A, b"second")], {SPOT: 2})
    index.follow([(A, b"third")], {SPOT: 3})
    assert index.digest(A) == b"first"


def test_the_index_survives_a_restart(tmp_path: Path, index: FactIndex) -> None:
    index.follow([(A, b"1")], {SPOT: 1})
    again = FactIndex(tmp_path / "index.db", "cluster-1")
    assert (again.digest(A), again.digest(B), again.positions()) == (b"1", None, {SPOT: 1})
    again.close()


def test_an_index_of_another_log_is_not_believed(tmp_path: Path, index: FactIndex) -> None:
    index.follow([(A, b"1")], {SPOT: 1})
    other = FactIndex(tmp_path / "index.db", "cluster-2")
    assert (other.digest(A), other.positions()) == (None, {})
    other.close()


def test_an_answer_that_comes_after_the_tail_changes_nothing(index: FactIndex) -> None:
    index.follow([(A, b"first")], {SPOT: 1})
    index.kept(A, b"later")
    assert index.digest(A) == b"first"
    assert index.waiting == 0
    index.kept(B, b"2")
    assert index.waiting == 1


def test_an_id_has_sixteen_bytes() -> None:
    assert key_of(B) == UUID(B).bytes
    with pytest.raises(ValueError, match="16 bytes"):
        key_of("00ff")


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_table_is_begun_anew(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "damaged.db"
    index = FactIndex(file, "cluster-1")
    index.follow([(str(UUID(int=n)), b"d" * 32) for n in range(2_000)], {SPOT: 2_000})
    index.close()
    held = bytearray(file.read_bytes())
    if damage == "text":
        held[:] = b"this is no table" * 500
    else:
        held[len(held) // 2 :] = b"\xff" * (len(held) - len(held) // 2)
    file.write_bytes(held)

    again = FactIndex(file, "cluster-1")
    assert (again.digest(A), again.positions()) == (None, {})
    again.follow([(A, b"1")], {SPOT: 1})
    assert again.digest(A) == b"1"
    again.close()


def test_a_table_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.db").mkdir()
    with pytest.raises(Halt, match=r"/index\.db: cannot be used"):
        FactIndex(tmp_path / "index.db", "cluster-1")


def test_a_renewed_index_knows_nothing_and_goes_on(tmp_path: Path, index: FactIndex) -> None:
    index.follow([(A, b"1")], {SPOT: 8})
    index.kept(B, b"2")
    index.renew()
    assert (index.digest(A), index.digest(B), index.positions()) == (None, None, {})
    index.follow([(B, b"3")], {SPOT: 1})
    assert index.digest(B) == b"3"

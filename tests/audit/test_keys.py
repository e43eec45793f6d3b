"""Keys are kept before they are used, wrapped, and gone when an order says so."""

import sqlite3
from pathlib import Path

import pytest

from hub.audit.keys import Keys, read_wrapping
from hub.audit.opening import open_keys
from hub.errors import Halt, Retry
from hub.settings import load

WRAPPING = bytes(range(32))
FILES = ("keys.db", "keys.db-wal")


def opened(folder: Path) -> Keys:
    return Keys(folder / "keys.db", WRAPPING)


def raw(folder: Path) -> bytes:
    return b"".join((folder / name).read_bytes() for name in FILES if (folder / name).exists())


def test_a_key_is_there_again_for_whoever_opens_the_file(tmp_path: Path) -> None:
    first = opened(tmp_path).of(["dossier/A", "dossier/B", "dossier/A"])
    assert set(first) == {"dossier/A", "dossier/B"}
    assert len({len(key) for key in first.values()} | {32}) == 1
    assert first["dossier/A"] != first["dossier/B"]
    again = opened(tmp_path)
    assert again.of(["dossier/B", "dossier/C"])["dossier/B"] == first["dossier/B"]
    assert again.known("dossier/A") == [first["dossier/A"]]
    assert again.known("dossier/D") == []


def test_two_who_have_the_file_open_draw_one_key(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    assert one.of(["dossier/A"]) == other.of(["dossier/A"])


def test_the_file_shows_no_key(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    key = keys.of(["dossier/A"])["dossier/A"]
    assert key not in raw(tmp_path)
    assert (tmp_path / "keys.db").stat().st_mode & 0o077 == 0


def test_what_is_destroyed_is_gone_from_the_file_and_for_others(tmp_path: Path) -> None:
    keys, other = opened(tmp_path), opened(tmp_path)
    key = keys.of(["dossier/A", "dossier/B"])["dossier/A"]
    assert other.of(["dossier/A"])["dossier/A"] == key
    (wrapped,) = (
        sqlite3.connect(tmp_path / "keys.db")
        .execute("SELECT wrapped FROM keys WHERE scope = 'dossier/A'")
        .fetchone()
    )
    assert wrapped in raw(tmp_path)
    assert other.destroy("dossier/A", "QĐ-17", 1_767_322_800_000) == 1
    assert wrapped not in raw(tmp_path)
    assert keys.known("dossier/A") == []
    assert [(d.scope, d.number, d.order) for d in keys.destroyed()] == [("dossier/A", 1, "QĐ-17")]
    later = keys.of(["dossier/A"])["dossier/A"]
    assert later != key, "what comes later has another key"
    assert keys.known("dossier/A") == other.known("dossier/A") == [later]
    assert keys.of(["dossier/B"]) == other.of(["dossier/B"])
    assert list(keys.destroyed("dossier/B")) == []


def test_nothing_is_destroyed_without_an_order(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    keys.of(["dossier/A"])
    with pytest.raises(ValueError, match="order"):
        keys.destroy("dossier/A", " ", 0)
    assert keys.known("dossier/A")


def test_another_wrapping_key_opens_nothing(tmp_path: Path) -> None:
    opened(tmp_path).of(["dossier/A"])
    with pytest.raises(Halt, match="HUB_AUDIT_KEY: does not open") as refused:
        Keys(tmp_path / "keys.db", bytes(32))
    assert WRAPPING.hex() not in str(refused.value)


def test_rows_that_were_swapped_are_noticed(tmp_path: Path) -> None:
    opened(tmp_path).of(["dossier/A", "dossier/B"])
    with sqlite3.connect(tmp_path / "keys.db") as db:
        db.execute(
            "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE scope = 'dossier/B')"
            " WHERE scope = 'dossier/A'"
        )
    with pytest.raises(Halt, match="a changed file"):
        opened(tmp_path).of(["dossier/A"])


def test_wrapped_anew_it_holds_the_same_under_another_key(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    found = keys.of(["dossier/A", "dossier/B"])
    keys.destroy("dossier/B", "QĐ-17", 5)
    assert keys.rewrap(tmp_path / "new.db", bytes(32)) == 1
    new = Keys(tmp_path / "new.db", bytes(32))
    assert new.of(["dossier/A"])["dossier/A"] == found["dossier/A"]
    assert [d.scope for d in new.destroyed()] == ["dossier/B"]
    with pytest.raises(Halt, match="is there already"):
        keys.rewrap(tmp_path / "new.db", bytes(32))


def test_a_damaged_file_and_one_that_others_hold_are_told(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_bytes(b"nothing of the kind" * 400)
    with pytest.raises(Halt, match="restore it"):
        opened(tmp_path)
    with pytest.raises(Halt, match="is not there"):
        Keys(tmp_path / "missing.db", WRAPPING, make=False)


def test_a_disk_that_takes_nothing_is_not_now(tmp_path: Path) -> None:
    keys = opened(tmp_path)
    keys._db.execute("PRAGMA max_page_count = 3")
    with pytest.raises(Retry, match="cannot be kept"):
        keys.of(f"dossier/{number}" for number in range(500))
    keys._db.execute("PRAGMA max_page_count = 1000000")
    assert len(keys.of(f"dossier/{number}" for number in range(500))) == 500


def test_the_wrapping_key_is_a_reference_or_this_machines_own(tmp_path: Path) -> None:
    assert read_wrapping(f"{WRAPPING.hex()}\n", "HUB_AUDIT_KEY") == WRAPPING
    with pytest.raises(Halt, match="HUB_AUDIT_KEY") as refused:
        read_wrapping("hunter2", "HUB_AUDIT_KEY")
    assert "hunter2" not in str(refused.value)
    settings = load({"HUB_HOME": str(tmp_path)})
    key = open_keys(settings).of(["dossier/A"])
    assert open_keys(settings, make=False).of(["dossier/A"]) == key
    (tmp_path / "kek").write_text(WRAPPING.hex())
    named = load({"HUB_HOME": str(tmp_path), "HUB_AUDIT_KEY": f"file:{tmp_path / 'kek'}"})
    with pytest.raises(Halt, match="does not open"):
        open_keys(named)

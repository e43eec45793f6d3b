"""`hub audit keys` and `witness`: keys are made, replaced, and wrapped anew; mistakes are named."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.audit.note import read_signer
from hub.audit.opening import open_keys, open_signers
from hub.audit.verify import PublicKey
from hub.cli.main import app
from hub.dev.disk import alone
from hub.settings import load

NEW = bytes(32).hex()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HUB_AUDIT_SIGNER", raising=False)
    monkeypatch.delenv("HUB_AUDIT_KEY", raising=False)
    return tmp_path / "home"


def hub(*words: object) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def test_a_key_is_made_and_its_place_is_taken_by_the_next(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = home / "first.key", home / "second.key"
    made = hub("keys", "make", first, "--name", "hub.example/h1")
    assert made.exit_code == 0, made.output
    assert PublicKey.read(made.stdout) == read_signer(first.read_text(), "").public
    assert first.stat().st_mode & 0o077 == 0
    assert hub("keys", "make", first, "--name", "x").exit_code == 1
    assert hub("keys", "make", home / "x.key", "--name", "a b").exit_code == 1
    monkeypatch.setenv("HUB_AUDIT_SIGNER", f"file:{first}")
    rotated = hub("keys", "rotate", second)
    assert rotated.exit_code == 0, rotated.output
    both = f"file:{first},file:{second}"
    assert f"HUB_AUDIT_SIGNER={both}" in rotated.stderr
    monkeypatch.setenv("HUB_AUDIT_SIGNER", both)
    assert hub("keys", "public").stdout == made.stdout + rotated.stdout
    signers = open_signers(load())
    assert {signer.public.name for signer in signers} == {"hub.example/h1"}
    hub("keys", "make", home / "other.key", "--name", "another")
    monkeypatch.setenv("HUB_AUDIT_SIGNER", f"file:{first},file:{home / 'other.key'}")
    refused = hub("keys", "public")
    assert (refused.exit_code, "several names" in refused.stderr) == (4, True)


def test_without_a_reference_the_key_is_this_machines_own(home: Path) -> None:
    first = hub("keys", "public").stdout
    assert first == hub("keys", "public").stdout
    assert first.startswith("hub-")


def test_keys_are_wrapped_anew_while_nobody_writes_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = open_keys(load())
    drawn = keys.of(["dossier/A", "dossier/B"])
    keys.destroy("dossier/B", "QĐ-1", 5)
    keys.close()
    monkeypatch.setenv("NEW_KEY", NEW)
    with alone(home / "run" / "auditor.lock", "hub auditor"):
        busy = hub("keys", "rewrap", home / "new.db", "--with", "env:NEW_KEY")
    assert (busy.exit_code, "hub auditor runs here already" in busy.stderr) == (4, True)
    done = hub("keys", "rewrap", home / "new.db", "--with", "env:NEW_KEY")
    assert done.exit_code == 0, done.output
    assert "1 keys wrapped anew" in done.stderr
    for name in ("keys.db", "keys.db-wal", "keys.db-shm"):
        (home / "audit-keys" / name).unlink(missing_ok=True)
    sqlite3.connect(home / "new.db").execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    (home / "new.db").rename(home / "audit-keys" / "keys.db")
    monkeypatch.setenv("HUB_AUDIT_KEY", "env:NEW_KEY")
    again = open_keys(load(), make=False)
    assert again.of(["dossier/A"])["dossier/A"] == drawn["dossier/A"]
    assert [one.order for one in again.destroyed()] == ["QĐ-1"]


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("witness", "cosign", "missing.json", "--store", "none"), 1, "is no witness's folder"),
        (("witness", "compare", "missing.json"), 4, "cannot be read"),
        (("checkpoint",), 3, "nothing has been signed yet"),
        (("verify",), 3, "nothing has been signed yet"),
        (("verify", "x"), 2, "whose word do you trust"),
        (("verify", "x", "--key", "missing.pub"), 4, "hub audit keys public > hub.pub"),
        (("verify", "x", "--key", "missing.pub", "--records"), 2, "our own logs"),
        (("prove", "x"), 4, "no broker is known"),
    ],
)
def test_mistakes_are_named(home: Path, words: tuple[str, ...], code: int, what: str) -> None:
    done = hub(*words)
    assert done.exit_code == code, done.output
    assert what in " ".join(done.stderr.replace("│", " ").split())

"""What an inspector may be handed: each bad thing is refused, with where, what, and exit code 1."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.audit.merkle import in_memory
from hub.audit.note import Signer, make_signer
from hub.audit.package import proof, proof_item
from hub.cli.audit import app
from hub.records import Position
from tests.audit.evidence import NAME, SIGNER, SPOTS, evidence

ANOTHER = make_signer(NAME, b"n" * 32)  # of the same name, and not the hub's


def a_package(folder: Path) -> Path:
    made = evidence()
    return made.package(folder / "package", [made.round(0.5), made.round()])


def a_proof(folder: Path) -> Path:
    made, spot = evidence(), SPOTS[0]
    leaves = made.leaves(spot)
    note = made.round().logs["hub.dossier/0"]
    item = proof_item(Position(*spot, 3), leaves[3], note, in_memory(leaves), None)
    file = folder / "proof.json"
    file.write_text(json.dumps(proof([item])), encoding="utf-8")
    return file


def truncated(folder: Path) -> Path:
    package = a_package(folder)
    file = max(package.rglob("*.entries"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return package


def of_another_log(folder: Path) -> Path:
    file = a_proof(folder)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"topic": "hub.dossier"', '"topic": "hub.receipt"'), "utf-8")
    return file


@pytest.mark.parametrize(
    ("bad", "key", "words", "what"),
    [
        (a_proof, ANOTHER, (), "is signed by nobody who is trusted"),
        (a_package, ANOTHER, (), "is signed by nobody who is trusted"),
        (a_proof, SIGNER, ("--not-before", "2999-01-01"), "is stale"),
        (a_package, SIGNER, ("--not-before", "2999-01-01"), "is stale"),
        (truncated, SIGNER, (), "is cut off"),
        (of_another_log, SIGNER, (), "is of another log"),
    ],
)
def test_it_is_refused_with_what_and_where(
    tmp_path: Path,
    bad: Callable[[Path], Path],
    key: Signer,
    words: tuple[str, ...],
    what: str,
) -> None:
    (tmp_path / "hub.pub").write_text(key.public.text, encoding="utf-8")
    argv = ["verify", str(bad(tmp_path)), "--key", str(tmp_path / "hub.pub"), *words, "--json"]
    done = CliRunner().invoke(app, argv)
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout.splitlines()[0])
    assert told["holds"] is False
    assert told["where"]
    assert what in told["what"]
    assert f"does not hold: {told['what']}" in done.stderr


@pytest.mark.parametrize("whole", [a_proof, a_package])
def test_what_is_good_holds(tmp_path: Path, whole: Callable[[Path], Path]) -> None:
    (tmp_path / "hub.pub").write_text(SIGNER.public.text, encoding="utf-8")
    argv = ["verify", str(whole(tmp_path)), "--key", str(tmp_path / "hub.pub")]
    assert CliRunner().invoke(app, argv).exit_code == 0

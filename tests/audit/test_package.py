"""Proofs and packages hold as they were made, with the verifier as a file of its own too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hub.audit.checkpoint import Round, Rounds, around, log_name
from hub.audit.merkle import in_memory
from hub.audit.package import proof, proof_item
from hub.audit.verify import Failed, Trust, main, verify, verify_proof
from hub.errors import Halt
from hub.records import Position
from tests.audit.evidence import (
    GAP_AT,
    SECOND,
    SIGNER,
    SPOTS,
    WITNESS,
    content,
    evidence,
    leaf_of,
    public,
)

TRUST = Trust(public(SIGNER))
VERIFIER = Path(__file__).parents[2] / "hub" / "audit" / "verify.py"


def proved(offset: int = 17, *, whole: bool = True) -> dict[str, object]:
    made = evidence()
    items = []
    for spot in SPOTS:
        one = made.logs[spot][offset]
        note = made.round().logs[log_name(spot)]
        shown = content(one) if whole and one is not None else None
        tree = in_memory(made.leaves(spot))
        items.append(proof_item(Position(*spot, offset), leaf_of(one), note, tree, shown))
    document: dict[str, object] = json.loads(json.dumps(proof(items)))
    return document


def test_a_proof_holds() -> None:
    report = verify_proof(proved(), TRUST)
    assert (report.records, report.withheld, report.gaps) == (3, 0, 0)
    assert "hub.dossier/0/17: in the log of 40; recorded 2026-01-02" in report.lines[0]
    assert verify_proof(proved(whole=False), TRUST).withheld == 3
    assert verify_proof(proved(GAP_AT), TRUST).gaps == 3


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("topic", "hub.act", "of another log"),
        ("offset", 18, "not in the signed tree"),
        ("offset", 40, "no leaf 40"),
        ("offset", -1, "no number 'offset'"),
        ("leaf", "A" * 43 + "=", "not in the signed tree"),
        ("leaf", "AAAA", "a hash that is none"),
        ("salt", "A" * 43 + "=", "not the one that was recorded"),
        ("salt", None, "a hash that is none"),
        ("record", "AAAA", "not the one that was recorded"),
        ("path", [], "too short"),
        ("path", None, "no list 'path'"),
        ("checkpoint", "", "no signed note"),
    ],
)
def test_a_proof_that_was_changed_does_not_hold(field: str, value: object, what: str) -> None:
    document = proved()
    document["items"][0][field] = value  # type: ignore[index]  # a list of items
    with pytest.raises(Failed, match=what):
        verify_proof(document, TRUST)


@pytest.mark.parametrize("document", [None, [], {}, {"format": "hub-proof/v1"}, {"format": "x"}])
def test_what_is_no_proof(document: object) -> None:
    with pytest.raises(Failed, match=r"proof"):
        verify_proof(document, TRUST)
    with pytest.raises(Failed, match="no item"):
        verify_proof({"format": "hub-proof/v1", "items": []}, TRUST)


@pytest.mark.parametrize("first", [False, True])
def test_a_package_holds(tmp_path: Path, *, first: bool) -> None:
    made = evidence()
    rounds = [made.round(0.4), made.round(0.8), made.round()]
    report = verify(made.package(tmp_path / "p", rounds, first=first), TRUST)
    begins = [16, 17, 18] if first else [0, 0, 0]
    ends = [40, 43, 46]
    assert report.lines == [
        f"{log_name(spot)}: complete from {begin} to {end}"
        for spot, begin, end in zip(SPOTS, begins, ends, strict=True)
    ]
    assert report.records + report.gaps == sum(ends) - sum(begins)
    assert report.gaps == (0 if first else 3)


def test_the_verifier_runs_alone(tmp_path: Path) -> None:
    """Copied away, isolated from the environment and from the hub's code."""
    alone = tmp_path / "verify.py"
    alone.write_bytes(VERIFIER.read_bytes())
    made = evidence()
    made.package(tmp_path / "package", [made.round()])
    (tmp_path / "proof.json").write_text(json.dumps(proved()))
    (tmp_path / "hub.pub").write_text(f"# the province's hub\n{SIGNER.public.text}\n")
    (tmp_path / "other.pub").write_text(WITNESS.public.text)

    def run(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(alone), *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    code, said = run("proof.json", "--key", "hub.pub")
    assert (code, said.splitlines()[-1]) == (0, "VERIFIED 3 records, 0 withheld, 0 gaps")
    code, said = run("package", "--key", "hub.pub", "--json")
    assert (code, json.loads(said)["records"]) == (0, 126)
    code, said = run("package", "--key", "other.pub")
    assert (code, said) == (
        1,
        f"FAILED heads: is signed by nobody who is trusted here ({WITNESS.public.name})\n",
    )
    code, said = run("package", "--key", "hub.pub", "--witness", "other.pub")
    assert (code, "not co-signed" in said) == (1, True)
    code, said = run("package", "--key", "hub.pub", "--not-before", "2026-01-03", "--json")
    assert (code, json.loads(said)["where"]) == (1, "heads")
    assert run("package", "--key", "missing.pub")[0] == 2
    assert run("missing", "--key", "hub.pub") == (
        1,
        "FAILED missing: cannot be read (No such file or directory)\n",
    )


def test_the_command_reads_what_may_be_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hub.pub").write_text(SIGNER.public.text)
    for raw in (b"", b"{", b"\xff", b"[" * 100_000, b'{"format": "hub-proof/v1", "items": [7]}'):
        (tmp_path / "proof.json").write_bytes(raw)
        assert main([str(tmp_path / "proof.json"), "--key", str(tmp_path / "hub.pub")]) == 1
    assert capsys.readouterr().out.count("FAILED") == 5


def test_rounds_are_kept_and_found(tmp_path: Path) -> None:
    rounds = Rounds(tmp_path)
    assert (rounds.latest(), list(rounds.all())) == (None, [])
    made = evidence()
    for second in (0, 1, 599, 600, 1300):
        rounds.keep(made.round(seconds=SECOND // 600 * 600 + second))
    begin = SECOND // 600 * 600
    found = list(rounds.all())
    assert [one.seconds - begin for one in found] == [0, 600, 1300, 1300]
    assert rounds.latest() == found[-1]
    assert found[0].checkpoint(SPOTS[1]) is not None
    assert Round(0, "", {}).checkpoint(SPOTS[0]) is None
    before, after = around(found, begin + 700, begin + 900)
    assert (before and before.seconds, after and after.seconds) == (begin + 600, begin + 1300)
    assert around(found, begin - 1, begin + 2000) == (None, None)
    (tmp_path / "latest.json").write_bytes(b"{")
    with pytest.raises(Halt, match=r"latest\.json: cannot be read"):
        rounds.latest()

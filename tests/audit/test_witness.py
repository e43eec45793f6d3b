"""A witness takes what grows out of what he saw, and nothing else; so do the hub's own people."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.audit.checkpoint import Round
from hub.audit.log import LeafLog
from hub.audit.note import make_signer
from hub.audit.proving import log_folder
from hub.audit.verify import Failed, Trust
from hub.audit.witness import (
    Statement,
    Witness,
    compare_with_own,
    read_statement,
    state,
)
from hub.errors import Reject
from tests.audit.evidence import SECOND, SIGNER, SPOTS, WITNESS, Evidence, evidence, public, record

TRUST = Trust(public(SIGNER))
WRONG = "A" * 43 + "="  # a hash that is no node of the tree


def stored(folder: Path, made: Evidence) -> Path:
    for spot in made.logs:
        log = LeafLog(log_folder(folder, spot), write=True)
        log.extend(made.leaves(spot)[log.size :])
        log.close()
    return folder


def other(made: Evidence) -> Evidence:
    """The same logs, but for one record of the past."""
    logs = dict(made.logs)
    log = list(logs[SPOTS[1]])
    log[3] = record(SPOTS[1], 3)._replace(value=b"another answer")
    return Evidence({**logs, SPOTS[1]: log})


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path / "witness", WITNESS, TRUST)


def said(folder: Path, round_: Round, since: Statement | None = None) -> Statement:
    return read_statement(state(folder, round_, since).raw, "said")


def test_what_grows_is_cosigned(tmp_path: Path, witness: Witness) -> None:
    made = evidence()
    hub = stored(tmp_path / "hub", made)
    answer = witness.cosign(said(hub, made.round(0.3)), SECOND)
    for part in (0.3, 0.6, 1.0):
        answer = witness.cosign(said(hub, made.round(part), answer), SECOND + 1)
    asked = Trust(public(SIGNER), public(WITNESS))
    for one in answer.logs:
        assert asked.checkpoint(one.checkpoint, one.log).size >= 40
    assert witness.compare(answer) == dict.fromkeys((one.log for one in answer.logs), "the same")
    assert compare_with_own(hub, answer, TRUST) == dict.fromkeys(
        (one.log for one in answer.logs), "ours"
    )


def test_a_rewritten_history_is_refused_and_kept(tmp_path: Path, witness: Witness) -> None:
    made = evidence()
    answer = witness.cosign(said(stored(tmp_path / "hub", made), made.round(0.5)), SECOND)
    forked = other(made)
    hub = stored(tmp_path / "other", forked)
    with pytest.raises(Failed, match=r"hub\.dossier/1: TWO HISTORIES: its first 21 leaves"):
        witness.cosign(said(hub, forked.round(), answer), SECOND + 60)
    kept = read_statement((tmp_path / "witness" / f"refused-{SECOND + 60}.json").read_bytes(), "")
    assert kept.heads == forked.round().heads
    assert [one.checkpoint for one in witness.seen().values()] == [
        one.checkpoint for one in answer.logs
    ], "what was seen stays"


def test_two_histories_of_one_size_are_found_by_either_side(
    tmp_path: Path, witness: Witness
) -> None:
    made = evidence()
    hub = stored(tmp_path / "hub", made)
    witness.cosign(said(hub, made.round()), SECOND)
    shown = said(stored(tmp_path / "other", other(made)), other(made).round())
    with pytest.raises(Failed, match=r"hub\.dossier/1: TWO HISTORIES"):
        witness.compare(shown)
    with pytest.raises(Failed, match=r"hub\.dossier/1: TWO HISTORIES: its 43 leaves are not ours"):
        compare_with_own(hub, shown, TRUST)


def test_what_cannot_be_compared_is_said(tmp_path: Path, witness: Witness) -> None:
    made = evidence()
    hub = stored(tmp_path / "hub", made)
    later = said(hub, made.round())
    assert set(witness.compare(later).values()) == {"never seen here"}
    witness.cosign(said(hub, made.round(0.5)), SECOND)
    assert witness.compare(later)["hub.dossier/0"] == "of 40 leaves, ours of 20: not compared"
    grown = said(hub, made.round(), said(hub, made.round(0.5)))
    assert set(witness.compare(grown).values()) == {"grew out of ours"}
    short = LeafLog(log_folder(hub, SPOTS[0]), write=True)
    short.cut(30)
    assert compare_with_own(hub, later, TRUST)["hub.dossier/0"] == (
        "of 40 leaves, ours of 30: not compared"
    )


def test_what_is_stale_unproved_incomplete_or_not_signed_is_refused(
    tmp_path: Path, witness: Witness
) -> None:
    made = evidence()
    hub = stored(tmp_path / "hub", made)
    answer = witness.cosign(said(hub, made.round(0.5)), SECOND)
    with pytest.raises(Failed, match="is stale: of 12 leaves, and 20 were seen"):
        witness.cosign(said(hub, made.round(0.3)), SECOND)
    whole = said(hub, made.round(), answer)
    with pytest.raises(Failed, match="ask the hub with --since"):
        witness.cosign(said(hub, made.round()), SECOND)
    with pytest.raises(Failed, match="is missing, or its checkpoint is not"):
        witness.cosign(Statement(whole.heads, whole.logs[1:]), SECOND)
    with pytest.raises(Failed, match="is not what the signed heads say"):
        witness.cosign(Statement(made.round(0.9).heads, whole.logs), SECOND)
    bent = Statement(
        whole.heads, tuple(replace(one, path=(*one.path[:-1], WRONG)) for one in whole.logs)
    )
    with pytest.raises(Failed, match=r"TWO HISTORIES|proof is none"):
        witness.cosign(bent, SECOND)
    forged = Evidence(made.logs, make_signer(SIGNER.public.name, b"x" * 32))
    with pytest.raises(Failed, match="signed by nobody"):
        witness.cosign(said(hub, forged.round()), SECOND)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"heads": "", "logs": [], "format": "x"}'])
def test_what_is_no_statement(raw: bytes) -> None:
    with pytest.raises(Reject, match="file: is no hub-checkpoint/v1"):
        read_statement(raw, "file")

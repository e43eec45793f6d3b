"""Lines of witnesses on our checkpoints: whose count, what is not ours, who is missing."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from hub.audit.checkpoint import Round, Rounds, cosigned
from hub.audit.cosigned import KEPT, SILENT, cosigners, missing, take_in
from hub.audit.note import Signer, make_signer
from hub.audit.opening import open_witnesses
from hub.audit.package import proof
from hub.audit.process import MINUTE, Witnesses
from hub.audit.proving import prove
from hub.audit.verify import Failed, Trust, verify_proof
from hub.audit.witness import Statement, Witness, state
from hub.errors import Halt
from hub.records import Position
from hub.settings import load
from tests.audit.evidence import SECOND, SIGNER, SPOTS, WITNESS, evidence, public
from tests.audit.test_witness import TRUST, other, stored

SECOND_WITNESS = make_signer("mat-tran.example/w2", b"x" * 32, witness=True)
BOTH = [WITNESS.public, SECOND_WITNESS.public]
NAMES = [key.name for key in BOTH]


def answer(folder: Path, round_: Round, by: Iterable[Signer]) -> Statement:
    """Each of them co-signs what the one before gave back."""
    found = state(folder, round_, None)
    for signer in by:
        found = Witness(folder / signer.public.name, signer, TRUST).cosign(found, SECOND)
    return found


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return stored(tmp_path / "hub", evidence())


def test_lines_of_several_witnesses_come_together_on_one_round(hub: Path) -> None:
    round_ = evidence().round(0.5)
    for signer, have in ((WITNESS, NAMES[:1]), (SECOND_WITNESS, NAMES)):
        found, names = take_in(hub, answer(hub, round_, [signer]), TRUST, BOTH)
        assert names == [signer.public.name]
        assert cosigners(found, BOTH) == have
    (kept,) = cosigned(hub)
    asked = Trust(public(SIGNER), BOTH)
    for log, note in kept.logs.items():
        assert asked.checkpoint(note, log).size > 0
        assert note.count("\n\u2014 ") == 3, "a line for each key, none twice"


def test_a_proof_is_made_against_the_round_that_witnesses_have_signed(hub: Path) -> None:
    made = evidence()
    Rounds(hub / "checkpoints").keep(made.round(seconds=SECOND + 60))
    take_in(hub, answer(hub, made.round(0.5), [WITNESS]), TRUST, BOTH)
    covered = proof([prove(hub, Position(*SPOTS[0], 3), None, None)])
    assert verify_proof(covered, Trust(public(SIGNER), [WITNESS.public])).withheld == 1
    with pytest.raises(Failed, match="is not co-signed by the witness mat-tran"):
        verify_proof(covered, Trust(public(SIGNER), BOTH))
    later = proof([prove(hub, Position(*SPOTS[0], 30), None, None)])
    assert verify_proof(later, TRUST).withheld == 1
    with pytest.raises(Failed, match="is not co-signed by the witness"):
        verify_proof(later, Trust(public(SIGNER), [WITNESS.public]))


def test_what_is_not_ours_or_nobodys_is_refused_and_changes_nothing(hub: Path) -> None:
    made, forked = evidence(), other(evidence())
    elsewhere = stored(hub.with_name("other"), forked)
    with pytest.raises(Failed, match="TWO HISTORIES"):
        take_in(hub, answer(elsewhere, forked.round(), [WITNESS]), TRUST, BOTH)
    with pytest.raises(Failed, match="co-signed by none of the witnesses"):
        take_in(hub, state(hub, made.round(), None), TRUST, BOTH)
    stranger = make_signer(WITNESS.public.name, b"z" * 32, witness=True)
    forged = answer(hub.with_name("forged"), made.round(), [stranger])
    with pytest.raises(Failed, match="co-signed by none of the witnesses"):
        take_in(hub, forged, TRUST, BOTH)
    whole = answer(hub, made.round(), [WITNESS])
    with pytest.raises(Failed, match="does not hold the logs"):
        take_in(hub, Statement(whole.heads, whole.logs[1:]), TRUST, BOTH)
    with pytest.raises(Failed, match="is not what the signed heads say"):
        take_in(hub, Statement(made.round(0.9).heads, whole.logs), TRUST, BOTH)
    with pytest.raises(Failed, match="signed by nobody who is trusted"):
        take_in(hub, whole, Trust([make_signer("hub-other", b"o" * 32).public]), BOTH)
    assert cosigned(hub) == []


def test_who_is_silent_for_a_day_is_missing_and_only_told(hub: Path) -> None:
    assert missing(hub, BOTH, 2, SECOND) == NAMES
    take_in(hub, answer(hub, evidence().round(), [WITNESS]), TRUST, BOTH)
    assert missing(hub, BOTH, 2, SECOND) == NAMES[1:]
    assert missing(hub, BOTH, 1, SECOND) == [], "one is enough where one is wanted"
    assert missing(hub, BOTH, 1, SECOND + SILENT + 1) == NAMES
    looking = Witnesses(hub, BOTH, 2)
    looking.look(SECOND)
    assert looking.missing == NAMES[1:]
    take_in(hub, answer(hub, evidence().round(), [SECOND_WITNESS]), TRUST, BOTH)
    looking.look(SECOND + MINUTE)
    assert looking.missing == []


def test_old_rounds_go(hub: Path) -> None:
    for number in range(KEPT + 3):
        round_ = evidence().round(seconds=SECOND + number)
        take_in(hub, answer(hub, round_, [WITNESS]), TRUST, BOTH)
    kept = [one.seconds for one in cosigned(hub)]
    assert kept == [SECOND + number for number in range(KEPT + 2, 2, -1)]


def test_how_many_are_wanted_can_be_said_and_not_more_than_are_named(tmp_path: Path) -> None:
    file = tmp_path / "witnesses.pub"
    file.write_text("\n".join(key.text for key in BOTH), encoding="utf-8")
    named = {"HUB_HOME": str(tmp_path), "HUB_AUDIT_WITNESSES": str(file)}
    assert open_witnesses(load(named)) == (BOTH, 2)
    assert open_witnesses(load({**named, "HUB_AUDIT_WITNESSES_WANTED": "1"})) == (BOTH, 1)
    with pytest.raises(Halt, match="wants 3 witnesses, and HUB_AUDIT_WITNESSES names 2"):
        open_witnesses(load({**named, "HUB_AUDIT_WITNESSES_WANTED": "3"}))
    file.write_text("no key", encoding="utf-8")
    with pytest.raises(Halt, match="holds no public key of a witness"):
        open_witnesses(load(named))

"""What witnesses have co-signed: their lines, on the hub's own checkpoints.

A witness answers with the statement that he was given, each checkpoint with his line
(c2sp.org/tlog-cosignature). Taken in, these lines stand with the round, and a proof is made against
the last round that has them: whoever asks for a witness finds him there. A witness who is silent
holds nothing up; that he is missing is told.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from hub.audit.checkpoint import COSIGNED, Round, cosigned
from hub.audit.note import with_signature
from hub.audit.verify import Failed, Note, PublicKey, Trust
from hub.audit.witness import Statement, compare_with_own
from hub.dev.disk import write_whole

KEPT = 30  # rounds; the newest ones
SILENT = 86_400  # seconds after which a witness is missing


def take_in(
    folder: Path, answer: Statement, trust: Trust, witnesses: Sequence[PublicKey]
) -> tuple[Round, list[str]]:
    """Keep what witnesses have co-signed; the round with all lines so far, and who has just signed.

    `folder`: of the evidence. Raises Failed where it is not ours, or none of them co-signed it.
    """
    heads = trust.heads(answer.heads)
    if {one.log for one in answer.logs} != heads.logs.keys():
        raise Failed("answer", "does not hold the logs that its heads name")
    for one in answer.logs:
        found = trust.checkpoint(one.checkpoint, one.log)
        if (found.size, found.root) != heads.logs[one.log]:
            raise Failed(one.log, "its checkpoint is not what the signed heads say")
    strange = [
        log for log, what in compare_with_own(folder, answer, trust).items() if what != "ours"
    ]
    if strange:
        raise Failed(strange[0], "is of more leaves than our log has")
    notes = {one.log: Note.read(one.checkpoint) for one in answer.logs}
    signed = [key for key in witnesses if all(_has(note, key) for note in notes.values())]
    if not signed:
        known = ", ".join(key.name for key in witnesses) or "HUB_AUDIT_WITNESSES names none"
        raise Failed("answer", f"is co-signed by none of the witnesses ({known})")
    kept = next((one for one in cosigned(folder) if one.seconds == heads.seconds), None)
    base = kept.logs if kept is not None and kept.heads == answer.heads else {}
    logs = {
        log: _with_lines(Note.read(base[log]) if log in base else _plain(note, trust), note, signed)
        for log, note in notes.items()
    }
    round_ = Round(heads.seconds, answer.heads, logs)
    (folder / COSIGNED).mkdir(parents=True, exist_ok=True)
    write_whole(_file(folder, round_.seconds), msgspec.json.encode(round_))
    for old in cosigned(folder)[KEPT:]:
        _file(folder, old.seconds).unlink(missing_ok=True)
    return round_, [key.name for key in signed]


def cosigners(round_: Round, witnesses: Iterable[PublicKey]) -> list[str]:
    """Which of the witnesses have co-signed all of a round."""
    notes = [Note.read(raw) for raw in round_.logs.values()]
    return [key.name for key in witnesses if all(_has(note, key) for note in notes)]


def missing(folder: Path, witnesses: Sequence[PublicKey], wanted: int, now: int) -> list[str]:
    """The silent witnesses, where fewer than `wanted` have co-signed lately. `now`: POSIX."""
    heard: set[str] = set()
    for one in cosigned(folder):
        if len(heard) >= wanted:
            return []
        if one.seconds < now - SILENT:
            break
        heard |= set(cosigners(one, witnesses))
    return [key.name for key in witnesses if key.name not in heard] if len(heard) < wanted else []


def _has(note: Note, key: PublicKey) -> bool:
    try:
        return key in note.signers([key])
    except ValueError:  # a line under his name that is not his
        return False


def _plain(note: Note, trust: Trust) -> Note:
    """The note with the hub's own lines alone."""
    ours = {(key.name, key.id) for key in trust.keys}
    lines = tuple(one for one in note.signatures if (one[0], one[1][:4]) in ours)
    return Note(note.text, lines)


def _with_lines(known: Note, note: Note, signed: Sequence[PublicKey]) -> str:
    names = {(key.name, key.id) for key in signed}
    for line in note.signatures:
        if (line[0], line[1][:4]) in names:
            known = with_signature(known, line)
    return known.raw


def _file(folder: Path, seconds: int) -> Path:
    return folder / COSIGNED / f"{seconds}.json"

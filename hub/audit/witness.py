"""Witnesses: another party stores what the hub signed, and refuses what does not grow out of it.

A hub could keep two histories and show each to another. A witness who has seen one of them finds,
from the other, no proof that it grew out of the first; and what he co-signed shows the hub's own
people that somebody was shown another tree. What passes between the two is a statement:

    {"format": "hub-checkpoint/v1", "heads": note,
     "logs": [{"log": "hub.dossier/3", "checkpoint": note, "old": 17, "path": [base64, …]}, …]}

`path` proves that the checkpoint's tree grew out of the one of `old` leaves (0: nothing to prove).
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hub.audit.checkpoint import Round
from hub.audit.log import LeafLog
from hub.audit.merkle import consistency
from hub.audit.note import Signer, with_signature
from hub.audit.proving import log_folder, spot_of
from hub.audit.verify import Checkpoint, Failed, Note, Trust, roots_of_consistency
from hub.dev.disk import write_whole
from hub.errors import Reject

FORMAT = "hub-checkpoint/v1"


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One log in a statement."""

    log: str
    checkpoint: str
    old: int = 0
    path: tuple[str, ...] = ()


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the hub says of its logs, or a witness of what he co-signed."""

    heads: str
    logs: tuple[Stated, ...]
    format: str = FORMAT

    @property
    def raw(self) -> bytes:
        """As it is passed on."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def read_statement(raw: bytes, where: str) -> Statement:
    """Raises Reject if these bytes hold none."""
    try:
        found = msgspec.json.decode(raw, type=Statement)
    except msgspec.DecodeError as error:
        raise Reject(f"is no {FORMAT} ({error})", where=where) from None
    if found.format != FORMAT:
        raise Reject(f"is no {FORMAT}", where=where)
    return found


def state(folder: Path, round_: Round, since: Statement | None) -> Statement:
    """What this hub says: its last round, proved to have grown out of what the witness has."""
    known = {one.log: _size(one.checkpoint) for one in since.logs} if since else {}
    logs = []
    for log, note in round_.logs.items():
        old, size = known.get(log, 0), _size(note)
        path: list[bytes] = []
        if 0 < old < size:
            leaves = LeafLog(log_folder(folder, spot_of(log)))
            path = consistency(old, size, leaves.subtree)
            leaves.close()
        steps = tuple(b64encode(step).decode() for step in path)
        logs.append(Stated(log, note, old if path else 0, steps))
    return Statement(round_.heads, tuple(logs))


def _size(note: str) -> int:
    return Checkpoint.read(Note.read(note).text).size


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness's folder: his key, the hub's public keys, and what he has seen of each log."""

    folder: Path
    signer: Signer = field(repr=False)
    trust: Trust

    def seen(self) -> dict[str, Stated]:
        """The last checkpoint of each log that was accepted. Raises Reject if it is damaged."""
        file = self.folder / "seen.json"
        if not file.exists():
            return {}
        return {one.log: one for one in read_statement(file.read_bytes(), str(file)).logs}

    def cosign(self, statement: Statement, seconds: int) -> Statement:
        """Check all of a statement, store it and co-sign it; a part is not accepted.

        Raises Failed naming the log that does not grow out of what was seen; both are kept.
        """
        try:
            accepted = self._accepted(statement, seconds)
        except Failed:
            write_whole(self.folder / f"refused-{seconds}.json", statement.raw)
            raise
        answer = Statement(statement.heads, accepted)
        write_whole(self.folder / "seen.json", answer.raw)
        return answer

    def _accepted(self, statement: Statement, seconds: int) -> tuple[Stated, ...]:
        """What is seen from now on, co-signed. Raises Failed."""
        seen = self.seen()
        heads = self.trust.heads(statement.heads)
        stated = {one.log: one for one in statement.logs}
        for log in {**seen, **heads.logs}:
            if log not in stated or heads.logs.get(log) != _head(stated[log]):
                raise Failed(log, "is missing, or its checkpoint is not what the signed heads say")
        for one in statement.logs:
            self._grown(one, seen.get(one.log))
        notes = {one.log: Note.read(one.checkpoint) for one in statement.logs}
        return tuple(
            Stated(log, with_signature(note, self.signer.cosign(note.text, seconds)).raw)
            for log, note in notes.items()
        )

    def _grown(self, one: Stated, seen: Stated | None) -> None:
        """Raises Failed unless a checkpoint is trusted and grew out of what was seen."""
        new = self.trust.checkpoint(one.checkpoint, one.log)
        if seen is not None:
            compare(one.log, Checkpoint.read(Note.read(seen.checkpoint).text), new, one)

    def compare(self, view: Statement) -> dict[str, str]:
        """How another party's view of each log stands to ours: in words, by log.

        Raises Failed where the hub showed us two histories.
        """
        found = {}
        seen = self.seen()
        for one in view.logs:
            theirs = self.trust.checkpoint(one.checkpoint, one.log)
            mine = seen.get(one.log)
            if mine is None:
                found[one.log] = "never seen here"
                continue
            ours = Checkpoint.read(Note.read(mine.checkpoint).text)
            if ours.size in (theirs.size, one.old):
                compare(one.log, ours, theirs, one)
                found[one.log] = "the same" if ours.size == theirs.size else "grew out of ours"
            else:
                found[one.log] = f"of {theirs.size} leaves, ours of {ours.size}: not compared"
        return found


def _head(one: Stated) -> tuple[int, bytes]:
    found = Checkpoint.read(Note.read(one.checkpoint).text)
    return found.size, found.root


def compare(log: str, seen: Checkpoint, new: Checkpoint, proof: Stated) -> None:
    """Raises Failed unless `new` grew out of `seen`."""
    if new.size < seen.size:
        raise Failed(log, f"is stale: of {new.size} leaves, and {seen.size} were seen before")
    if seen.size == 0:
        return
    if new.size > seen.size and proof.old != seen.size:
        what = f"has no proof that it grew out of the {seen.size} leaves that were seen"
        raise Failed(log, f"{what}: ask the hub with --since")
    try:
        path = [b64decode(step, validate=True) for step in proof.path]
        before, after = roots_of_consistency(seen.size, new.size, seen.root, path)
    except ValueError as error:
        raise Failed(log, f"its proof is none ({error})") from None
    if before != seen.root or after != new.root:
        what = f"TWO HISTORIES: its first {seen.size} leaves are not those that were seen"
        raise Failed(log, what)


def compare_with_own(folder: Path, view: Statement, trust: Trust) -> dict[str, str]:
    """How what somebody was shown stands to this hub's own logs: in words, by log.

    Raises Failed where it was signed with the hub's key and is another tree.
    """
    told: dict[str, str] = {}
    for one in view.logs:
        theirs = trust.checkpoint(one.checkpoint, one.log)
        leaves = LeafLog(log_folder(folder, spot_of(one.log)))
        try:
            if theirs.size > leaves.size:
                told[one.log] = f"of {theirs.size} leaves, ours of {leaves.size}: not compared"
            elif leaves.root_at(theirs.size) != theirs.root:
                raise Failed(one.log, f"TWO HISTORIES: its {theirs.size} leaves are not ours")
            else:
                told[one.log] = "ours"
        finally:
            leaves.close()
    return told

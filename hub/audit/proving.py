"""Proofs out of this hub's own logs, and whether these are still what was signed.

Nothing is handed out that was not verified first: a proof that would fail at the auditor's desk
names here what was changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.audit.checkpoint import Round, Rounds, covering, log_name
from hub.audit.keys import Keys
from hub.audit.leaf import encode, hash_of, salt_of, scope_of
from hub.audit.log import LeafLog
from hub.audit.package import Disclosed, proof_item
from hub.audit.verify import GAP_HASH, Checkpoint, Failed, Note, Trust
from hub.errors import Halt, Reject, Retry
from hub.records import Position, Record, Spot


def log_folder(folder: Path, spot: Spot) -> Path:
    """Where a log lies in the evidence's folder."""
    return folder / "logs" / log_name(spot).replace("/", "-")


def latest_round(folder: Path) -> Round:
    """What was signed last. Raises Retry before the first time."""
    found = Rounds(folder / "checkpoints").latest()
    if found is None:
        raise Retry(
            "nothing has been signed yet",
            where=str(folder),
            fix="start the hub, or the auditor alone: hub auditor",
        )
    return found


def spot_of(log: str) -> Spot:
    """The partition that a log's name means. Raises ValueError."""
    topic, _, partition = log.rpartition("/")
    return Spot(topic, int(partition))


def prove(
    folder: Path, place: Position, record: Record | None, keys: Keys | None
) -> dict[str, object]:
    """One item of a proof, against what was signed last; co-signed by witnesses, where that is.

    `record`: what stands there, to be disclosed; None withholds it. With a record, `keys` is
    needed. Raises Retry while it is not signed yet, Reject where there is no such log, Halt where
    log or record are not what was recorded.
    """
    spot = Spot(place.topic, place.partition)
    round_ = covering(folder, spot, place.offset) or latest_round(folder)
    checkpoint = round_.checkpoint(spot)
    if checkpoint is None:
        raise Reject("there is no such log", where=log_name(spot), fix="hub audit checkpoint")
    if place.offset >= checkpoint.size:
        raise Retry(
            f"is not signed yet: the last checkpoint covers {checkpoint.size} leaves",
            where=place.text,
            fix="ask again in a few seconds",
        )
    log = LeafLog(log_folder(folder, spot))
    try:
        unchanged(log, checkpoint)
        (leaf,) = log.leaves(place.offset, place.offset + 1)
        content = None if record is None or keys is None else disclosed(record, leaf, keys)
        note = round_.logs[log_name(spot)]
        return proof_item(place, leaf, note, log.subtree, content)
    finally:
        log.close()


def unchanged(log: LeafLog, checkpoint: Checkpoint) -> None:
    """Raises Halt unless the log is what this checkpoint says."""
    if log.root_at(checkpoint.size) != checkpoint.root:
        raise Halt(
            "the log is not what was signed",
            where=str(log.folder),
            fix="see where it was changed: hub audit verify",
        )


def disclosed(record: Record, leaf: bytes, keys: Keys) -> Disclosed | None:
    """What shows that the leaf means this record; None where its key was destroyed.

    Raises Halt if the leaf means something else.
    """
    scope = scope_of(record).text
    for key in keys.known(scope):
        if hash_of(record, key) == leaf:
            return Disclosed(salt_of(key, *record[:3]), encode(record))
    if any(True for _ in keys.destroyed(scope)):
        return None
    raise Halt(
        "what stands there is not what was recorded",
        where=record.place.text,
        fix="keep the topic as it is, and see what else was changed: hub audit verify --records",
    )


@dataclass(frozen=True, slots=True)
class Inspected:
    """One log that is what was signed: so many leaves, at so many rounds."""

    log: str
    size: int
    rounds: int


def inspect(folder: Path, trust: Trust) -> Iterator[Inspected]:
    """Verify this hub's own logs, whole, against every round that is kept.

    Raises Failed naming the first bad place.
    """
    rounds = list(Rounds(folder / "checkpoints").all())
    latest = latest_round(folder)
    heads = trust.heads(latest.heads)
    for name, (size, root) in heads.logs.items():
        points = [trust.checkpoint(r.logs[name], name) for r in rounds if name in r.logs]
        if not points or (points[-1].size, points[-1].root) != (size, root):
            raise Failed(name, "its checkpoint and the signed heads say different things")
        log = LeafLog(log_folder(folder, spot_of(name)))
        try:
            _inspected(name, log, points)
        except (Halt, FileNotFoundError) as error:
            raise Failed(name, str(error)) from error
        finally:
            log.close()
        yield Inspected(name, size, len(points))


def _inspected(name: str, log: LeafLog, points: Sequence[Checkpoint]) -> None:
    if log.size < points[-1].size:
        what = f"the log ends here, and {points[-1].size} leaves were signed"
        raise Failed(f"{name}/{log.size}", what)
    changed = log.misfit(points[-1].size)
    if changed is not None:
        raise Failed(f"{name}/{changed}", "a leaf among the 256 from here on was changed")
    before = 0
    for point in points:
        if log.root_at(point.size) != point.root:
            last = point.size - 1
            raise Failed(f"{name}/{before}", f"from here to {last} the log is not what was signed")
        before = point.size


class Compared:
    """Compares the records of topics with the logs, one after the other. Raises Failed."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys
        self._logs: dict[Spot, tuple[LeafLog, int]] = {}
        self._next: dict[Spot, int] = {}
        self.records = self.erased = 0
        latest = latest_round(folder)
        for name in latest.logs:
            checkpoint = latest.checkpoint(spot_of(name))
            log = LeafLog(log_folder(folder, spot_of(name)))
            self._logs[spot_of(name)] = log, checkpoint.size if checkpoint else 0

    def take(self, record: Record) -> None:
        """The next record of its partition; what is not signed yet is passed over."""
        spot = Spot(record.topic, record.partition)
        log, size = self._logs.get(spot, (None, 0))
        if log is None or record.offset >= size:
            return
        first = self._next.get(spot, record.offset)  # what expired before is the archive's
        *missing, leaf = log.leaves(first, record.offset + 1)
        for offset, one in enumerate(missing, first):
            if one != GAP_HASH:
                raise Failed(f"{log_name(spot)}/{offset}", "was recorded, and the topic lacks it")
        self._next[spot] = record.offset + 1
        try:
            found = disclosed(record, leaf, self._keys)
        except Halt as error:
            raise Failed(error.where, error.what) from None
        self.records += 1
        self.erased += found is None

    def end(self, ends: dict[Spot, int]) -> None:
        """The topics have been read to these ends."""
        for spot, (log, size) in self._logs.items():
            log.close()
            end = ends.get(spot, 0)
            if end < size:
                what = f"the topic ends here, and {size} records were signed"
                raise Failed(f"{log_name(spot)}/{end}", what)


def signers_of(note: str) -> list[str]:
    """The names under a note, as they stand there: not verified."""
    return [name for name, _ in Note.read(note).signatures]

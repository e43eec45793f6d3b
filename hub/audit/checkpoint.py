"""Rounds: what is signed together at one moment, and the folder that keeps it.

A round is a checkpoint of every log and the heads of all of them. The last one is always kept;
of the earlier ones, one for each `KEEP_EVERY` seconds, so that an interval can begin and end there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hub.audit.note import Signer, signed
from hub.audit.verify import Checkpoint, Heads, Note
from hub.dev.disk import write_whole
from hub.errors import Halt
from hub.records import Spot

KEEP_EVERY = 600  # seconds; a round of sixty logs is some 20 KB
LATEST = "latest.json"
COSIGNED = "cosigned"


class Round(msgspec.Struct, frozen=True):
    """What was signed at `seconds` (POSIX): notes, by log as `topic/partition`."""

    seconds: int
    heads: str
    logs: dict[str, str]

    def checkpoint(self, spot: Spot) -> Checkpoint | None:
        """What a log's note says; None for a log that there was not yet. Not verified."""
        raw = self.logs.get(log_name(spot))
        return None if raw is None else Checkpoint.read(Note.read(raw).text)


@dataclass(frozen=True, slots=True)
class Head:
    """A log as it is to be signed: so many leaves, this root."""

    size: int
    root: bytes


def log_name(spot: Spot) -> str:
    """How a log is written: `hub.dossier/3`."""
    return f"{spot.topic}/{spot.partition}"


def sign_round(heads: Mapping[Spot, Head], seconds: int, signers: Sequence[Signer]) -> Round:
    """Sign all logs. All signers have one name: that of the hub."""
    name = signers[0].public.name
    logs = {log_name(spot): head for spot, head in sorted(heads.items())}
    listing = Heads(name, seconds, {log: (head.size, head.root) for log, head in logs.items()})
    notes = {
        log: signed(Checkpoint(f"{name}/{log}", head.size, head.root, seconds).text, signers).raw
        for log, head in logs.items()
    }
    return Round(seconds, signed(listing.text, signers).raw, notes)


class Rounds:
    """The folder of rounds. The auditor writes; others may read beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def latest(self) -> Round | None:
        """The last one; None before the first. Raises Halt if the file is damaged."""
        return self._read(self._folder / LATEST)

    def keep(self, round_: Round) -> None:
        """Replace the last one; it stays for good if none of its time was kept. Raises OSError."""
        raw = msgspec.json.encode(round_)
        write_whole(self._folder / LATEST, raw)
        kept = self._folder / f"{round_.seconds // KEEP_EVERY * KEEP_EVERY}.json"
        if not kept.exists():
            write_whole(kept, raw)

    def all(self) -> Iterator[Round]:
        """Every one that is kept, in order; the last one last."""
        names = [path for path in self._folder.glob("*.json") if path.stem.isdigit()]
        for path in sorted(names, key=lambda path: int(path.stem)):
            found = self._read(path)
            if found is not None:
                yield found
        latest = self.latest()
        if latest is not None:
            yield latest

    def _read(self, path: Path) -> Round | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Round)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise Halt(
                f"cannot be read ({type(error).__name__})",
                where=str(path),
                fix="restore it from a copy, or delete it: the topic hub.checkpoint has the last",
            ) from error


def around(rounds: Sequence[Round], begin: int, end: int) -> tuple[Round | None, Round | None]:
    """The last round before `begin` and the first one from `end` on (POSIX seconds, in order).

    An interval that they enclose is proved whole. None where there is no such round.
    """
    before = [one for one in rounds if one.seconds <= begin]
    after = [one for one in rounds if one.seconds >= end]
    return before[-1] if before else None, after[0] if after else None


def cosigned(folder: Path) -> list[Round]:
    """The rounds with lines of witnesses (`hub.audit.cosigned`), the newest first.

    `folder`: of the evidence. Raises Halt where one is damaged.
    """
    return list(Rounds(folder / COSIGNED).all())[::-1]


def covering(folder: Path, spot: Spot, offset: int) -> Round | None:
    """The newest of these that covers a leaf; None where none does."""
    for one in cosigned(folder):
        checkpoint = one.checkpoint(spot)
        if checkpoint is not None and checkpoint.size > offset:
            return one
    return None

"""What the auditor tells the world, on `hub.checkpoint`.

    key                     value
    <name>/<topic>/<n>      the checkpoint of that log (a note)
    heads                   the heads of all logs (a note), also when nothing is new: he is alive
    owner                   who audits now (JSON)
    trouble                 why evidence cannot be written (text)

The topic is compacted: it keeps the last of each. What an auditor finds there he must continue: a
copy that was set back, or a second one, cannot sign another history without noticing.
"""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from hub.audit.checkpoint import Round, log_name
from hub.audit.verify import Checkpoint, Note, PublicKey
from hub.errors import Halt, HubError, Retry
from hub.records import Broker, Outgoing, Position, Reader, Record, Spot, Writer
from hub.topics import CHECKPOINT

HEADS, OWNER, TROUBLE = b"heads", b"owner", b"trouble"
PLACE = Spot(CHECKPOINT, 0)
WAIT = 20.0  # seconds for the broker to take records, or to give those that it has
SILENT = 60.0  # seconds without a word of his until another owner counts as gone


class Owner(msgspec.Struct, frozen=True):
    """Who audits: the name of his keys, his home (an id of its own) and process, for people."""

    name: str
    home: str
    process: str


@dataclass(frozen=True, slots=True)
class Said:
    """What stands on the topic."""

    checkpoints: Mapping[str, Checkpoint]  # by origin; those that the given keys signed
    owner: Owner | None
    heard: int  # epoch ms of the last heads; 0: never


class Published:
    """The auditor's own view of the topic. Belongs to one thread."""

    def __init__(self, broker: Broker, writer: Writer, keys: Iterable[PublicKey]) -> None:
        """`keys`: whose checkpoints count."""
        self._broker = broker
        self._writer = writer
        self._keys = tuple(keys)
        self._reader: Reader | None = None
        self._ours = -1  # where our ownership stands
        self._told = ""

    def take_over(self, owner: Owner, now_ms: int) -> Mapping[str, Checkpoint]:
        """Become the one auditor; the checkpoints that were published under our keys, by origin.

        Raises Retry while another one is at work.
        """
        said = self._read_all()
        other = said.owner
        silent = (now_ms - said.heard) / 1000
        if other is not None and other.home != owner.home and silent < SILENT:
            raise Retry(
                f"another auditor is at work ({other.process}), heard {max(0.0, silent):.0f} s ago",
                where="hub auditor",
                fix="stop it; this one begins when it has been silent for a minute",
                system=True,
            )
        future = self._writer.send(Outgoing(CHECKPOINT, OWNER, msgspec.json.encode(owner)))
        self._ours = _taken(future).offset
        self.still_ours()
        return said.checkpoints

    def still_ours(self) -> None:
        """Raises Halt if somebody else has taken over since."""
        for record in self._news():
            if record.key == OWNER and record.offset > self._ours >= 0:
                raise Halt(
                    "another auditor has taken over",
                    where="hub auditor",
                    fix="let one of them run",
                )

    def publish(self, round_: Round, logs: Iterable[Spot]) -> None:
        """Tell the heads, and the checkpoints of these logs. Raises Retry."""
        names = [log_name(spot) for spot in logs]
        records = [
            Outgoing(CHECKPOINT, _origin(round_.logs[name]).encode(), round_.logs[name].encode())
            for name in names
        ]
        records.append(Outgoing(CHECKPOINT, HEADS, round_.heads.encode()))
        for future in [self._writer.send(record) for record in records]:
            _taken(future)
        self._told = ""

    def trouble(self, what: str) -> None:
        """Tell, once, why evidence cannot be written; nobody waits for it."""
        if what == self._told:
            return
        self._told = what

        def done(result: Position | HubError) -> None:
            if isinstance(result, HubError):
                self._told = ""  # again the next time

        with suppress(HubError):  # the queue is full: the broker is away
            self._writer.append(Outgoing(CHECKPOINT, TROUBLE, what.encode()), done)

    def close(self) -> None:
        """Let go."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _read_all(self) -> Said:
        self.close()
        self._reader = self._broker.reader([PLACE])
        self._reader.seek(PLACE, self._reader.begin()[PLACE])
        return read_said(self._news(), self._keys)

    def _news(self) -> list[Record]:
        """What has come since the last look, to the end."""
        return read_to_end(self._reader) if self._reader is not None else []


def _taken(future: "Future[Position]") -> Position:
    try:
        return future.result(WAIT)
    except TimeoutError:
        raise Retry("does not acknowledge", where=CHECKPOINT, system=True) from None


def read_to_end(reader: Reader) -> list[Record]:
    """The records up to where the topic ends now. Raises Retry if they do not come."""
    end = reader.end()[PLACE]
    deadline = time.monotonic() + WAIT
    found: list[Record] = []
    while reader.position(PLACE) < end:
        found += reader.poll(0.2)
        if time.monotonic() > deadline:
            raise Retry("does not give what it holds", where=CHECKPOINT, system=True)
    return found


def read_said(records: Iterable[Record], keys: Iterable[PublicKey]) -> Said:
    """What these records of the topic say, but for what cannot be read or others signed."""
    known = tuple(keys)
    checkpoints: dict[str, Checkpoint] = {}
    owner, heard = None, 0
    for record in records:
        if record.key == HEADS:
            heard = record.timestamp
        elif record.key == OWNER:
            owner = _owner(record.value)
        else:
            found = signed_by(record.value, known)
            if found is not None:
                checkpoints[found.origin] = found
    return Said(checkpoints, owner, heard)


def signed_by(raw: bytes | None, keys: Iterable[PublicKey]) -> Checkpoint | None:
    """The checkpoint of a note that one of these keys signed; None for anything else."""
    try:
        note = Note.read((raw or b"").decode())
        return Checkpoint.read(note.text) if note.signers(keys) else None
    except ValueError:
        return None


def _owner(raw: bytes | None) -> Owner | None:
    try:
        return msgspec.json.decode(raw or b"", type=Owner)
    except msgspec.DecodeError:
        return None


def _origin(note: str) -> str:
    return note.partition("\n")[0]

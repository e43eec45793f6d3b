"""What people decided about deliveries: acts on `hub.act`, read as commands to one lane.

An act stands at the partition number of the event that it concerns, so the lane that owns that
partition finds all of its own in one place. Its headers say for whom it is, undecoded. An act on a
dead letter names where that letter stands: the first act counts, a second one changes nothing, and
an event that is dead-lettered again is a new letter that asks for a new act.
"""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

from hub.contract.types import Document
from hub.errors import Reject
from hub.events.codec import Codec
from hub.intake.acts import SCHEMA
from hub.records import Headers, Outgoing, Position, Record, Spot
from hub.topics import ACT, DOSSIER_HEADER, PARKED

Kind: TypeAlias = Literal["RESUMED", "REQUEUED", "EDITED", "DISCARDED", "REPLAYED", "ERASED"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
WHOLE: frozenset[str] = frozenset({"RESUMED", "ERASED"})  # these mean a dossier, not an event
ERASED = "erased"  # how the reason of a letter begins that has no bytes any more


@dataclass(frozen=True, slots=True)
class Command:
    """One decision of a person, for one registration.

    `dossier` is the key of what it concerns, as `dossier_of` writes it. RESUMED means all of that
    dossier in one partition, its `offset` is -1. ERASED means what stands before `offset` of it
    there, at every registration, so that it names none; `because` is the order's number. The others
    mean the event at (`topic`, `partition`, `offset`) and the record of it that stands at `letter`:
    its dead letter; where one is DISCARDED that still waits, its place on `hub.parked`; where one
    is REPLAYED, that of the event itself. `value`: of EDITED, the new event in wire format.
    `series`: of REPLAYED, the last one that the event had. `plan`: the digest of the replay's plan
    that it is a part of.
    """

    kind: Kind
    registration: str
    topic: str
    partition: int
    dossier: str
    by: str
    because: str
    offset: int = -1
    letter: Position | None = None
    event_id: str | None = None
    value: bytes | None = field(default=None, repr=False)
    series: int = -1
    plan: str | None = None
    act: int = -1  # its offset on hub.act, by which receipts name it; -1: not written yet
    at: int = field(default=0, compare=False)  # when it was written there, epoch ms

    @property
    def of_parked(self) -> bool:
        """Whether it concerns an event that waits on `hub.parked`."""
        return self.letter is not None and self.letter.topic == PARKED


def dossier_of(key: bytes | None) -> str:
    """A dossier's key as acts, receipts and people write it."""
    return (key or b"").decode(errors="replace")


def erase_reason(command: Command) -> str:
    """Why an event of an erased dossier is a dead letter without its bytes."""
    return f"{ERASED}: order {command.because}"


def discard_reason(command: Command) -> str:
    """Why a parked event that a person discarded is a dead letter; the act tells who it was."""
    return f"discarded: {command.because}"


def as_document(command: Command, at: int) -> Document:
    """The Avro record `hub.v1.Act`; `at` in epoch ms."""
    return {
        "kind": command.kind,
        "registration": command.registration,
        "subject": command.letter.text if command.letter else None,
        "reason": command.because,
        "event_ids": [command.event_id] if command.event_id else [],
        "at": at,
        "by": command.by,
        "source_topic": command.topic,
        "source_partition": command.partition,
        "source_offset": command.offset,
        "dossier": command.dossier,
        "value": None if command.value is None else b64encode(command.value).decode(),
        "series": command.series,
        "digest": command.plan,
    }


def record_of(command: Command, value: bytes) -> Outgoing:
    """Its record; `value` is `as_document` in wire format."""
    headers: Headers = (
        ("ce_type", SCHEMA.encode()),
        ("hub_act", command.kind.encode()),
        ("hub_connector", command.registration.encode()),
        (DOSSIER_HEADER, command.dossier.encode()),
    )
    return Outgoing(ACT, command.registration.encode(), value, headers, command.partition)


def concerns(record: Record, registration: str) -> bool:
    """Whether a record of `hub.act` is a person's decision for this registration."""
    headers = dict(record.headers)
    kind = headers.get("hub_act", b"").decode(errors="replace")
    mine = headers.get("hub_connector") == registration.encode()
    return kind == "ERASED" or (mine and kind in KINDS)


def command_of(record: Record, codec: Codec) -> Command | None:
    """The command that a record of `hub.act` holds; None for any other act.

    Raises Retry while the registry cannot be asked.
    """
    try:
        name, found = codec.decode(record.value or b"")
    except Reject:
        return None
    return _command(record, found) if name == SCHEMA else None


class Acts:
    """The decisions for one registration about one partition of events, in the order of `hub.act`.

    A lane feeds it every record of `hub.act` at its partition's number, from the position that it
    committed, and tells it what it carried out. Decides, does not act.
    """

    def __init__(
        self, registration: str, spot: Spot, start: int = 0, done: Iterable[int] = ()
    ) -> None:
        """`start`: the first offset that will be read. `done`: acts that ends in the journal name.

        A dossier of which a part has its end may still have another one: it is resumed anew, which
        changes nothing for what does not wait.
        """
        self._registration = registration
        self._spot = spot
        self._next = start
        self._done = frozenset(done)
        self._waiting: dict[int, Command] = {}
        self._out: Counter[int] = Counter()  # by act, the events that it sent out and awaits
        self._closed: dict[
            int, int
        ] = {}  # by event's offset, the last dead letter that is acted on

    def read(self, record: Record, codec: Codec) -> Command | None:
        """Take one record in; the command that is now to be carried out, if it is one.

        Raises Retry while the registry cannot be asked; then the record was not taken.
        """
        if record.offset < self._next:
            return None
        mine = concerns(record, self._registration)
        command = command_of(record, codec) if mine else None
        if command is not None and not self._is_ours(command):
            command = None
        if command is not None:
            self._waiting[record.offset] = command
        self._next = record.offset + 1  # last: another thread may ask for the position
        return command

    def _is_ours(self, command: Command) -> bool:
        """Whether a lane has to carry it out."""
        if (command.topic, command.partition) != self._spot or self._repeats(command):
            return False
        if command.letter and command.act in self._done:
            return False
        # a letter that is discarded is closed; a lane has nothing to do
        return command.kind != "DISCARDED" or command.of_parked

    def _repeats(self, command: Command) -> bool:
        """Whether an earlier act asked for the same, or closed what this one concerns."""
        if command.kind == "ERASED":
            return False
        if command.letter is None:
            resumes = (one for one in self._waiting.values() if one.kind == "RESUMED")
            return any(one.dossier == command.dossier for one in resumes)
        if command.of_parked or command.kind == "REPLAYED":
            return False  # a parked one while it waits; who replays looks what was asked for before
        if self._closed.get(command.offset, -1) >= command.letter.offset:
            return True
        self._closed[command.offset] = command.letter.offset
        return False

    def awaits_end(self, act: int) -> None:
        """The act at this offset has sent out one more event: one more has to be carried out."""
        self._out[act] += 1

    def carried_out(self, act: int) -> None:
        """The act at this offset is done, or one of its events has its end; the last is both."""
        if self._out[act] > 0:
            self._out[act] -= 1
        else:
            del self._out[act]
            self._waiting.pop(act, None)

    @property
    def waiting(self) -> tuple[Command, ...]:
        """What is to be carried out, oldest first."""
        return tuple(self._waiting.values())

    @property
    def unread(self) -> int:
        """The first offset on `hub.act` that was not read yet."""
        return self._next

    @property
    def position(self) -> int:
        """Where on `hub.act` whoever comes next must begin to read."""
        return min(self._waiting, default=self._next)


class _Act(msgspec.Struct, frozen=True):
    """What a person's act must hold; the record of any other act does not fit."""

    kind: Kind
    registration: str
    reason: str
    by: str
    source_topic: str
    source_partition: Annotated[int, msgspec.Meta(ge=0)]
    source_offset: int
    dossier: str
    event_ids: tuple[str, ...]
    subject: str | None
    value: str | None
    series: int = -1
    digest: str | None = None


def _command(record: Record, found: Document) -> Command | None:
    """None for the record of any other act, or where something is missing that the kind needs."""
    try:
        told = msgspec.convert(found, _Act)
        value = None if told.value is None else b64decode(told.value, validate=True)
    except (msgspec.ValidationError, ValueError):
        return None
    letter = Position.read(told.subject or "")
    of_one_event = told.source_offset >= 0 and letter is not None
    if of_one_event == (told.kind in WHOLE) or (told.kind == "EDITED") != (value is not None):
        return None
    return Command(
        kind=told.kind,
        registration=told.registration,
        topic=told.source_topic,
        partition=told.source_partition,
        dossier=told.dossier,
        by=told.by,
        because=told.reason,
        offset=told.source_offset,
        letter=letter,
        event_id=told.event_ids[0] if told.event_ids else None,
        value=value,
        series=told.series,
        plan=told.digest,
        act=record.offset,
        at=record.timestamp,
    )

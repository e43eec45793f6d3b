"""Evidence as it comes in: the topics through the quiet door, the peer's log from its file."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hub.contract.types import Document
from hub.errors import HubError, Retry
from hub.events.codec import Codec
from hub.records import Broker, Record, every_spot
from hub.topics import DEAD, DOSSIER, RECEIPT
from tests.faults.evidence import Call, Fact, Kept, Login, Source, Told
from tests.faults.journal import ENDS, PARKED
from tests.faults.peer import Granted, Noted

TOPICS = (DOSSIER, RECEIPT, DEAD)
STEP = {"dossier.v1.StatusChanged": "note", "consignment.v1.ConsignmentTracked": "state_raw"}
POLL = 0.05  # seconds
LINE = msgspec.json.Decoder(Noted | Granted)


class Topics:
    """What stands on the topics, followed from their beginning."""

    def __init__(self, broker: Broker, codec: Codec, registration: str) -> None:
        spots = every_spot(broker, TOPICS)
        self._reader = broker.reader(spots)
        for spot in spots:
            self._reader.seek(spot, 0)
        self._codec = codec
        self._registration = registration
        self.kept: list[Kept] = []
        self.told: list[Told] = []
        self.dead: set[Source] = set()
        self.causeless: set[Source] = set()  # dead letters that say no reason
        self.foreign: set[Source] = set()  # on the events' topic, but no event of ours
        self._later: list[Record] = []  # of a schema that nobody knows yet
        self.ended: set[Source] = set()  # some receipt says so

    def follow(self) -> bool:
        """Take what has come; False when nothing has, or the broker is away."""
        try:
            records = self._reader.poll(POLL)
        except HubError:
            return False
        for record in records:
            self._take(record)
        return bool(records)

    def read_later(self) -> None:
        """Read what could not be read for want of its schema."""
        records, self._later = self._later, []
        for record in records:
            self._take(record)

    def close(self) -> None:
        """Read no more."""
        self._reader.close()

    def _take(self, record: Record) -> None:
        if record.topic == DOSSIER:
            self._event(record)
        elif record.topic == RECEIPT:
            self._receipt(self._codec.decode(record.value or b"")[1], record.offset)
        else:
            self._dead(record)

    def _event(self, record: Record) -> None:
        source = Source(record.topic, record.partition, record.offset)
        headers = dict(record.headers)
        kind = headers.get("ce_type", b"").decode(errors="replace")
        try:
            name, event = self._codec.decode(record.value or b"")
        except Retry:
            self._later.append(record)
            return
        except HubError:
            self.foreign.add(source)
            return
        if name != kind:
            self.foreign.add(source)
            return
        if name not in STEP:  # of a sender that asks whether the door is open
            return
        fact = Fact(str(event["dossier_code"]), int(str(event[STEP[name]])))
        self.kept.append(Kept(source, headers["ce_id"].decode(), fact))

    def _receipt(self, told: Document, offset: int) -> None:
        if told["connector"] != self._registration:
            return
        one = told_of(told, offset)
        self.told.append(one)
        if one.kind == "OUTCOME" and (one.outcome in ENDS or one.outcome == PARKED):
            self.ended.add(one.source)

    def _dead(self, record: Record) -> None:
        headers = dict(record.headers)
        if headers["hub_dead_connector"].decode() == self._registration:
            topic, partition, offset = headers["hub_dead_source"].decode().split("/")
            source = Source(topic, int(partition), int(offset))
            self.dead.add(source)
            if not headers["hub_dead_reason"]:
                self.causeless.add(source)


def told_of(told: Document, offset: int) -> Told:
    """A `hub.v1.Receipt` that stands at `offset`."""
    source = Source(
        str(told["source_topic"]), _whole(told["source_partition"]), _whole(told["source_offset"])
    )
    marks = told["offsets"]
    return Told(
        offset=offset,
        kind=str(told["kind"]),
        source=source,
        outcome=str(told["outcome"]),
        series=_whole(told["series"]),
        epoch=_whole(told["epoch"]),
        marks=frozenset(_whole(mark) for mark in marks) if isinstance(marks, list) else frozenset(),
        bundle=str(told["bundle"]),
        doubt="in doubt" in str(told["note"]),
        tries=_tries(told["attempts"]),
    )


def _tries(attempts: object) -> int:
    """Calls among them; a question is none."""
    given = attempts if isinstance(attempts, list) else []
    return sum(isinstance(one, dict) and one["outcome"] != "asked" for one in given)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value


class PeerLog:
    """The peer's own record, followed as it is written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._at = 0
        self.calls: list[Call] = []
        self.taken: set[Fact] = set()
        self.logins: list[Login] = []
        self.struck = 0  # calls that met a fault of the peer

    def follow(self) -> Sequence[Call]:
        """The calls that came since."""
        if not self._file.exists():
            return []
        with self._file.open("rb") as file:
            file.seek(self._at)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        self._at += len(whole)
        lines = [LINE.decode(line) for line in whole.splitlines()]
        self.logins += [
            Login(one.at, one.left, one.lifetime) for one in lines if isinstance(one, Granted)
        ]
        noted = [one for one in lines if isinstance(one, Noted)]
        self.struck += sum(one.struck for one in noted)
        fresh = [_call(one) for one in noted]
        self.calls += fresh
        self.taken.update(call.fact for call in fresh if call.taken)
        return fresh


def _call(noted: Noted) -> Call:
    fact = Fact(noted.dossier, noted.step)
    return Call(noted.at, noted.key, fact, noted.digest, noted.taken, noted.version, noted.says)

"""Dead letters as people see them: what stands on `hub.dead`, and what was decided about it.

An event can be dead-lettered more than once: a crash between letter and receipt repeats it, and a
requeued one may fail again. The last letter of an event at a registration speaks for all of them.
One that a former owner wrote, while its successor brought the event to another end, is void.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from hub.contract.types import Document, Value
from hub.delivery.acts import Command, dossier_of
from hub.events.identity import event_id
from hub.records import Headers, Position, Record
from hub.topics import ACT

State: TypeAlias = Literal[
    "open", "discarded", "erased", "requeued", "delivered-late", "settled-late", "void"
]
Key: TypeAlias = tuple[str, Position]  # registration, where the event stands
OWN = "hub_dead_"  # of the headers that a letter has beside its event's own
# The ends of a requeued event. DEAD_LETTERED is a letter of its own, PARKED is no end.
ENDS: Mapping[str, State] = {
    "DELIVERED": "delivered-late",
    "NOTHING_TO_SEND": "settled-late",
    "DUPLICATE": "settled-late",
}
DEAD_LETTERED = "DEAD_LETTERED"
ENDED = frozenset({*ENDS, DEAD_LETTERED})


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that its registration's system cannot be told of as it is."""

    record: Record = field(repr=False)  # as it stands on hub.dead
    registration: str
    source: Position
    headers: Mapping[str, str] = field(repr=False)
    state: State = "open"
    decision: Command | None = None

    @property
    def key(self) -> Key:
        """Whose letter about which event."""
        return self.registration, self.source

    @property
    def place(self) -> Position:
        """Where it stands, which names it."""
        return self.record.place

    @property
    def dossier(self) -> str:
        """The key of its event."""
        return dossier_of(self.record.key)

    @property
    def event_id(self) -> str:
        """The event's id; empty where its headers had none."""
        return self.headers.get("ce_id", "")

    @property
    def event_type(self) -> str:
        """The full name of the event, as its headers say; empty where they had none."""
        return self.headers.get("ce_type", "")

    @property
    def series(self) -> int:
        """The series of deliveries that ended so."""
        return _series(self.headers.get(f"{OWN}series", ""))

    @property
    def reason(self) -> str:
        """Why it can never be delivered as it is."""
        return self.headers.get("hub_dead_reason", "")


def letters(dead: Iterable[Record]) -> list[Letter]:
    """The last letter of each event and registration, in the order of `dead`.

    Records that the hub did not write are none.
    """
    found: dict[Key, Letter] = {}
    for record in dead:
        headers = {name: raw.decode(errors="replace") for name, raw in record.headers}
        source = Position.read(headers.get("hub_dead_source", ""))
        registration = headers.get("hub_dead_connector")
        if source is not None and registration:
            found.pop((registration, source), None)
            found[registration, source] = Letter(record, registration, source, headers)
    return list(found.values())


def decided(given: Iterable[Letter], commands: Iterable[Command]) -> list[Letter]:
    """The letters with what was decided about each; of several decisions the first counts.

    `commands` in the order of `hub.act`. One about an earlier letter leaves a later one open. What
    was discarded while it was parked became a letter by that act.
    """
    found = {letter.key: letter for letter in given}
    for command in commands:
        if command.kind == "ERASED":
            found |= _erased(found.values(), command)
            continue
        key = command.registration, Position(command.topic, command.partition, command.offset)
        letter = found.get(key)
        if letter is None or letter.decision is not None or command.letter is None:
            continue
        if command.kind == "REPLAYED":  # of an event that was delivered, not of a letter
            continue
        if _is_about(command, command.letter, letter):
            state: State = "discarded" if command.kind == "DISCARDED" else "requeued"
            found[key] = replace(letter, state=state, decision=command)
    return list(found.values())


def _erased(given: Iterable[Letter], command: Command) -> dict[Key, Letter]:
    """The letters of an erased dossier: nobody can send them any more."""
    return {
        one.key: replace(one, state="erased", decision=command)
        for one in given
        if one.dossier == command.dossier
        and (one.source.topic, one.source.partition) == (command.topic, command.partition)
        and one.source.offset < command.offset
    }


def _is_about(command: Command, place: Position, letter: Letter) -> bool:
    if command.of_parked:
        return letter.headers.get(f"{OWN}act") == str(command.act)
    return place.offset >= letter.place.offset


def without_void(given: Iterable[Letter], receipts: Iterable[tuple[int, Document]]) -> list[Letter]:
    """The letters, those as void whose event came to another end in the same series.

    `receipts`: ends and owners' records as `hub.v1.Receipt`, each with its offset on hub.receipt,
    in the order of these per partition. What was written under another epoch than that of the last
    owner before it does not count (decision 0012), and of several ends the first.
    """
    owners: dict[tuple[str, str, int], int] = {}
    ends: dict[tuple[Key, int], str] = {}
    for position, told in receipts:
        key = registration, source = _key(told)
        whose = (registration, source.topic, source.partition)
        if told["kind"] == "OWNER":
            owners[whose] = position
        elif told["outcome"] in ENDED and _whole(told["epoch"]) >= owners.get(whose, -1):
            ends.setdefault((key, _whole(told["series"])), str(told["outcome"]))
    return [
        replace(one, state="void")
        if one.state == "open" and ends.get((one.key, one.series), DEAD_LETTERED) != DEAD_LETTERED
        else one
        for one in given
    ]


def settled(given: Iterable[Letter], receipts: Iterable[Document]) -> list[Letter]:
    """The letters with how those ended that were requeued; `receipts` as `hub.v1.Receipt`.

    Any later series than the letter's ends it: what parked meanwhile goes on by schedule, too.
    """
    found = {letter.key: letter for letter in given}
    for told in receipts:
        letter = found.get(_key(told))
        end = ENDS.get(str(told["outcome"])) if told["kind"] == "OUTCOME" else None
        if letter is None or letter.decision is None or letter.state != "requeued" or end is None:
            continue
        if _whole(told["series"]) > letter.series:
            found[letter.key] = replace(letter, state=end)
    return list(found.values())


def revived(letter: Record, command: Command) -> Record | None:
    """The event that an act sends out, as if it were read at its own place.

    `letter`: what stands where the act says; of REPLAYED it is the event itself. None if it is not
    the one that the command names. An edited event has an id, and so an
    idempotency key, of its own: the same whoever carries the act out; `hub_edits` names the event
    that it was.
    """
    source = Position(command.topic, command.partition, command.offset)
    if command.kind == "REPLAYED":
        return letter if letter.place == command.letter == source else None
    known = letters([letter])
    if letter.place != command.letter or [one.key for one in known] != [
        (command.registration, source)
    ]:
        return None
    headers = tuple(pair for pair in letter.headers if not pair[0].startswith(OWN))
    value = letter.value
    if command.kind == "EDITED":
        headers, value = _edited(headers, command), command.value
    return Record(*source, letter.timestamp, letter.key, value, headers)


def next_series(letter: Record, command: Command) -> int:
    """The series in which it goes out again: above all before it, whoever carries the act out.

    By the act alone it would not be: what had parked has as many series as it was resumed.
    """
    written = dict(letter.headers).get(f"{OWN}series", b"")
    return max(_series(written.decode(errors="replace")), command.series, command.act) + 1


def _series(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() else 0


def _edited(headers: Headers, command: Command) -> Headers:
    original = dict(headers).get("ce_id", b"")
    identity = (original.decode(errors="replace"), str(command.partition))
    new = event_id(ACT, command.registration, identity, command.act)
    of_the_body = ("ce_id", "hub_digest")
    kept = tuple(pair for pair in headers if pair[0] not in of_the_body)
    return (*kept, ("ce_id", new.encode()), ("hub_edits", original))


def _key(told: Document) -> Key:
    partition, offset = _whole(told["source_partition"]), _whole(told["source_offset"])
    return str(told["connector"]), Position(str(told["source_topic"]), partition, offset)


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else -1

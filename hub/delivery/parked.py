"""Parked dossiers as people see them: what stands on `hub.parked` and is not closed.

The topic is compacted by key, so the last record of a key speaks for it; none means it went out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.delivery.acts import dossier_of
from hub.records import Position, Record

Queue: TypeAlias = tuple[str, str, int, bytes]  # registration, topic, partition, dossier's key


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """One event that waits at one registration."""

    record: Record = field(repr=False)  # as it stands on hub.parked
    registration: str
    source: Position
    key: bytes = field(repr=False)  # of its dossier
    headers: Mapping[str, str] = field(repr=False)

    @property
    def dossier(self) -> str:
        """The key of its dossier, as people and acts write it."""
        return dossier_of(self.key)

    @property
    def place(self) -> Position:
        """Where it stands on hub.parked."""
        return self.record.place

    @property
    def event_id(self) -> str:
        """The event's id; empty where its headers had none."""
        return self.headers.get("ce_id", "")

    @property
    def event_type(self) -> str:
        """The full name of the event, as its headers say."""
        return self.headers.get("ce_type", "")

    @property
    def reason(self) -> str:
        """Why it waits."""
        return self.headers.get("hub_parked_reason", "")

    @property
    def since(self) -> int:
        """When it failed for the first time, epoch ms; when it was parked, where none is named."""
        return _moment(self.headers.get("hub_parked_since")) or self.at

    @property
    def at(self) -> int:
        """When it was parked, epoch ms."""
        return _moment(self.headers.get("hub_parked_at")) or self.record.timestamp

    @property
    def behind(self) -> bool:
        """Whether it was parked because an earlier event of its dossier was."""
        return self.headers.get("hub_parked_behind") == "1"


@dataclass(frozen=True, slots=True)
class ParkedDossier:
    """A dossier that waits at a registration. `events` in the order in which they will go out."""

    events: tuple[ParkedEvent, ...]

    @property
    def first(self) -> ParkedEvent:
        """What all the others wait for."""
        return self.events[0]

    @property
    def registration(self) -> str:
        """Where it waits."""
        return self.first.registration

    @property
    def dossier(self) -> str:
        """Its key, as people and acts write it."""
        return self.first.dossier


def events(records: Iterable[Record]) -> list[ParkedEvent]:
    """The events that wait, in the order of `records` (of the topic, per partition).

    Records that the hub did not write are none.
    """
    last: dict[tuple[int, bytes], Record] = {}
    for record in records:
        place = record.partition, record.key or b""
        last.pop(place, None)
        if record.value is not None:
            last[place] = record
    found = (_parked(record) for record in last.values())
    return [one for one in found if one is not None]


def dossiers(given: Iterable[ParkedEvent]) -> list[ParkedDossier]:
    """The dossiers that wait, the longest first."""
    queues: dict[Queue, list[ParkedEvent]] = {}
    for one in given:
        place = one.registration, one.source.topic, one.source.partition, one.key
        queues.setdefault(place, []).append(one)
    found = [
        ParkedDossier(tuple(sorted(queue, key=lambda one: one.source.offset)))
        for queue in queues.values()
    ]
    return sorted(found, key=lambda one: one.first.since)


def _parked(record: Record) -> ParkedEvent | None:
    registration, *place = (record.key or b"").decode(errors="replace").rsplit("|", 3)
    source = Position.read("/".join(place))
    if source is None:
        return None
    texts = {name: raw.decode(errors="replace") for name, raw in record.headers}
    key = dict(record.headers).get("hub_parked_key", b"")
    return ParkedEvent(record, registration, source, key, texts)


def _moment(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0

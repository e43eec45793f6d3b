"""From what stands on the topics to the items of a plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.audit.replay.ends import End
from hub.audit.replay.plan import Item, Selection
from hub.contract.types import Document
from hub.errors import HubError
from hub.events.headers import read_headers
from hub.records import Position, Record


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is meant; `at`: the broker's time, epoch ms."""

    event_id: str
    event_type: str
    dossier: str
    at: int


@dataclass(slots=True)
class Events:
    """The events that a selection means, by place."""

    selection: Selection
    found: dict[Position, Event] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """One record of a topic of events; foreign bytes are nobody's event."""
        try:
            envelope = read_headers(record.headers)
        except HubError:
            return
        dossier = (record.key or b"").decode(errors="replace")
        told: Document = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "type": envelope.type,
            "dossier": dossier,
            "at": record.timestamp,
        }
        if self.selection.takes_event(told):
            self.found[record.place] = Event(envelope.id, envelope.type, dossier, record.timestamp)

    @property
    def since(self) -> int:
        """The earliest of their times, epoch ms; receipts are no older."""
        return min((event.at for event in self.found.values()), default=0)


def items(
    events: Events,
    ends: Mapping[tuple[Position, str], End],
    letters: Mapping[tuple[str, Position], Position],
) -> list[Item]:
    """Every event and registration that is meant, each partition in its order.

    `letters`: where the last dead letter of (registration, event) stands. What has no end yet is
    not replayed: it is still on its way.
    """
    return sorted(_items(events, ends, letters), key=_order)


def _items(
    events: Events,
    ends: Mapping[tuple[Position, str], End],
    letters: Mapping[tuple[str, Position], Position],
) -> Iterable[Item]:
    for (place, registration), end in ends.items():
        event = events.found.get(place)
        if event is None or not events.selection.takes_end(registration, end.outcome):
            continue
        letter = letters.get((registration, place))
        yield Item(
            *place,
            event.event_id,
            event.event_type,
            event.dossier,
            registration,
            end.outcome,
            end.series,
            end.bundle,
            end.settings,
            end.request,
            letter.text if letter and end.outcome == "DEAD_LETTERED" else "",
        )


def _order(item: Item) -> tuple[str, str, int, int]:
    return item.registration, item.topic, item.partition, item.offset

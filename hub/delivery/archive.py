"""What a lane reads back from the topics, beside its events: parked ones, acts, dead letters.

Rare, and blocking: each call belongs to a thread that may wait.
"""

from collections.abc import Mapping, Sequence

from hub.delivery.parking import event_of
from hub.delivery.reading import stretch
from hub.records import Broker, Position, Record
from hub.topics import ACT, DEAD, EVENT_TOPICS, PARKED

REVIVED = (DEAD, *EVENT_TOPICS)


class Archive:
    """Everything raises Retry when the broker does not answer in time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def parked(self, partition: int, positions: Sequence[int]) -> Mapping[int, Record]:
        """The events that stand at these positions of hub.parked, by their own offset."""
        wanted = set(positions)
        found: dict[int, Record] = {}
        for record in stretch(self._broker, PARKED, {partition: min(wanted)}, max(wanted) + 1):
            event = event_of(record) if record.offset in wanted else None
            if event is not None:
                found[event.offset] = event
        return found

    def acts(self, starts: Mapping[int, int]) -> Mapping[int, Sequence[Record]]:
        """The acts of these partitions, each from its offset on."""
        found: dict[int, list[Record]] = {partition: [] for partition in starts}
        for record in stretch(self._broker, ACT, starts):
            found[record.partition].append(record)
        return found

    def letter(self, place: Position) -> Record | None:
        """The dead letter, or the event of a replay, that stands there, if it still does."""
        offset = place.offset
        if place.topic not in REVIVED:
            return None
        found = stretch(self._broker, place.topic, {place.partition: offset}, offset + 1)
        return next((record for record in found if record.offset == offset), None)

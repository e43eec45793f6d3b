"""What a lane reads back from the topics, beside its events: parked ones, acts, dead letters.

Rare, and blocking: each call belongs to a thread that may wait.
"""

from collections.abc import Mapping, Sequence

from hub.delivery.parking import event_of
from hub.delivery.reading import stretch
from hub.log import get_logger
from hub.records import Broker, Position, Record, Spot
from hub.topics import ACT, DEAD, EVENT_TOPICS, PARKED

log = get_logger("hub.delivery")
REVIVED = (DEAD, *EVENT_TOPICS)


class Archive:
    """Everything raises Retry when the broker does not answer in time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def parked(self, spot: Spot, places: Mapping[int, int]) -> Mapping[int, Record]:
        """The events of `spot` with these offsets, from their places on hub.parked.

        What is not there any more (records were deleted) comes from its own topic.
        """
        wanted, found = set(places.values()), dict[int, Record]()
        start = {spot.partition: min(wanted)}
        for record in stretch(self._broker, PARKED, start, max(wanted) + 1):
            event = event_of(record) if record.offset in wanted else None
            if event is not None:
                found[event.offset] = event
        for offset in places.keys() - found.keys():
            log.error("parked_event_gone", partition=spot.partition, offset=offset)
            event = self.letter(Position(*spot, offset))
            if event is not None:
                found[offset] = event
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

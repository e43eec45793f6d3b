"""The journals of one registration's partitions, folded together from hub.receipt."""

from collections.abc import Iterable, Mapping

from hub.delivery.held import place_of
from hub.delivery.journal import Journal, entry_of
from hub.errors import Reject
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Position, Record, Spot
from hub.topics import RECEIPT, RECEIPT_SCHEMA

log = get_logger("hub.delivery")


def starts(committed: Mapping[Spot, tuple[int, str]]) -> dict[Spot, int]:
    """From where hub.receipt must be read, by what the registration's group has committed.

    Where a commit names no place all of it is read: slow, and right.
    """
    found: dict[Spot, int] = {}
    for spot, (_, metadata) in committed.items():
        place, position = Spot(RECEIPT, spot.partition), place_of(metadata).journal
        found[place] = min(position, found.get(place, position))
    return found


class Journals:
    """One fold per partition. Feed it the records from `starts` on, in order per partition."""

    def __init__(
        self,
        registration: str,
        committed: Mapping[Spot, tuple[int, str]],
        also: Iterable[Position],
        codec: Codec,
    ) -> None:
        """`also`: events that may go out though the commit has passed them.

        They are parked, or a person decided so.
        """
        offsets: dict[Spot, set[int]] = {spot: set() for spot in committed}
        for one in also:
            offsets.get(Spot(one.topic, one.partition), set()).add(one.offset)
        self.by_spot = {
            spot: Journal(offset, frozenset(offsets[spot]), place_of(metadata).epoch)
            for spot, (offset, metadata) in committed.items()
        }
        self._connector = registration.encode()
        self._codec = codec

    def read(self, record: Record) -> bool:
        """Fold one record; whether it was about these. Raises Retry (schema not known)."""
        if dict(record.headers).get("hub_connector") != self._connector:
            return False
        try:
            name, document = self._codec.decode(record.value or b"")
        except Reject as error:  # foreign bytes on our topic decide nothing
            log.warning("receipt_unreadable", offset=record.offset, reason=error.what)
            return False
        entry = entry_of(record.offset, document) if name == RECEIPT_SCHEMA else None
        spot = Spot(str(document.get("source_topic")), record.partition)
        journal = self.by_spot.get(spot)
        if entry is None or journal is None:
            return False
        journal.read(entry)
        return True

"""Calls of which nobody knows yet what became: what a new owner of their partitions would find.

A mark without an end (decision 0012): the call is under way, or its answer was lost. An owner that
is at work knows which; from outside, only time tells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.delivery.held import place_of
from hub.delivery.journal import Journal, entry_of
from hub.delivery.receipts import SCHEMA
from hub.errors import Reject
from hub.events.codec import Codec
from hub.records import Position, Record, Spot
from hub.topics import RECEIPT


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event that was about to be sent to a registration. `since`: epoch ms of the mark."""

    registration: str
    source: Position
    since: int


def starts(committed: Mapping[Spot, tuple[int, str]]) -> dict[Spot, int]:
    """From where the receipts must be read, by what the registration's group has committed."""
    found: dict[Spot, int] = {}
    for spot, (_, metadata) in committed.items():
        place, position = Spot(RECEIPT, spot.partition), place_of(metadata).journal
        found[place] = min(position, found.get(place, position))
    return found


def doubts(
    registration: str,
    committed: Mapping[Spot, tuple[int, str]],
    again: Iterable[Position],
    receipts: Iterable[Record],
    codec: Codec,
) -> list[Doubt]:
    """What is in doubt, the oldest first.

    `again`: events that may go out though the commit has passed them, because they are parked or a
    person decided so; `receipts`: those from `starts` on, in order per partition. Raises Retry
    while the registry cannot be asked.
    """
    also = frozenset(again)
    journals = {
        spot: Journal(
            offset,
            frozenset(one.offset for one in also if one[:2] == spot),
            place_of(metadata).epoch,
        )
        for spot, (offset, metadata) in committed.items()
    }
    for record in receipts:
        _fold(record, registration, journals, codec)
    found = [
        Doubt(registration, Position(*spot, offset), mark.at)
        for spot, journal in journals.items()
        for offset, mark in journal.doubtful.items()
    ]
    return sorted(found, key=lambda one: one.since)


def _fold(
    record: Record, registration: str, journals: Mapping[Spot, Journal], codec: Codec
) -> None:
    if dict(record.headers).get("hub_connector") != registration.encode():
        return
    try:
        name, document = codec.decode(record.value or b"")
    except Reject:  # foreign bytes decide nothing
        return
    entry = entry_of(record.offset, document) if name == SCHEMA else None
    journal = journals.get(Spot(str(document.get("source_topic")), record.partition))
    if entry is not None and journal is not None:
        journal.read(entry)

"""Calls of which nobody knows yet what became: what a new owner of their partitions would find.

A mark without an end (decision 0012): the call is under way, or its answer was lost. An owner that
is at work knows which; from outside, only time tells.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.delivery.journals import Journals
from hub.events.codec import Codec
from hub.records import Position, Record, Spot


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event that was about to be sent to a registration. `since`: epoch ms of the mark."""

    registration: str
    source: Position
    since: int


def doubts(
    registration: str,
    committed: Mapping[Spot, tuple[int, str]],
    again: Iterable[Position],
    receipts: Iterable[Record],
    codec: Codec,
) -> list[Doubt]:
    """What is in doubt, the oldest first.

    `again`: events that may go out though the commit has passed them, because they are parked or a
    person decided so; `receipts`: those from `journals.starts` on, in order per partition. Raises
    Retry while the registry cannot be asked.
    """
    journals = Journals(registration, committed, again, codec)
    for record in receipts:
        journals.read(record)
    found = [
        Doubt(registration, Position(*spot, offset), mark.at)
        for spot, journal in journals.by_spot.items()
        for offset, mark in journal.doubtful.items()
    ]
    return sorted(found, key=lambda one: one.since)

"""What became of events at registrations, as receipts tell it.

Terminal is the first outcome by offset for one (event's place, registration, series); a higher
series (a requeue) replaces a lower one; PARKED is a state that any terminal outcome ends.
"""

from msgspec import Struct

from hub.contract.types import Document
from hub.views.wording import number, text

MOST_DELIVERIES = 2_000  # of one key; the oldest are forgotten first


class Delivery(Struct, frozen=True, array_like=True):
    """The state of one event at one registration. `offset`: of the event on its topic."""

    offset: int
    registration: str
    outcome: str
    series: int
    at: int

    @property
    def place(self) -> tuple[int, str]:
        return self.offset, self.registration


def delivery_of(record: Document) -> Delivery | None:
    """The delivery that a `hub.v1.Receipt` tells of; None for marks and other kinds."""
    offset, outcome = number(record, "source_offset"), text(record, "outcome")
    registration = text(record, "connector")
    if text(record, "kind") != "OUTCOME" or offset is None or not outcome or not registration:
        return None
    series, at = number(record, "series") or 0, number(record, "at") or 0
    return Delivery(offset, registration, outcome, series, at)


def fold(known: tuple[Delivery, ...], new: Delivery) -> tuple[Delivery, ...]:
    """The deliveries after one more receipt, at most the newest 2,000."""
    old = next((one for one in known if one.place == new.place), None)
    if old is None:
        return (*known[-(MOST_DELIVERIES - 1) :], new)
    if new.series < old.series or (new.series == old.series and old.outcome != "PARKED"):
        return known
    return tuple(new if one is old else one for one in known)

"""What a partition says may be committed, while the loop goes on and another thread asks."""

from collections.abc import Callable

from hub.delivery.held import Part, place_of
from hub.delivery.journal import Entry, Journal, Stand
from hub.delivery.tracker import OffsetTracker

OWN = 90  # where our own owner's record stands


class Interrupted(dict[int, Stand]):
    """What is pinned; just before it is looked at, the loop goes on."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def __getattribute__(self, name: str) -> object:
        if name == "values":
            self._meanwhile()
        return super().__getattribute__(name)


def test_the_position_covers_a_mark_that_is_noted_while_it_is_being_read() -> None:
    part = Part(OffsetTracker(5), Journal(floor=5, epoch=OWN))
    part.polled(5)
    part.pinned = Interrupted(lambda: part.noted((5,), 100))
    offset, metadata = part.commit
    assert (offset, place_of(metadata).journal <= 100) == (5, True)


def taken_over(*offsets: int) -> Part:
    """A partition with parked events before its committed offset, of which the journal tells."""
    journal = Journal(floor=10, also=frozenset(offsets))
    for position, offset in enumerate(offsets, start=OWN - len(offsets)):
        journal.read(Entry(position, "OUTCOME", -1, (offset,), 1, outcome="PARKED"))
    journal.read(Entry(OWN, "OWNER", -1, (), 1))
    return Part(OffsetTracker(10), journal)


def test_a_parked_event_that_came_to_its_end_does_not_hold_the_position_back() -> None:
    part = taken_over(3, 4)
    assert place_of(part.commit[1]).journal == OWN - 2
    part.unparked(3)
    assert place_of(part.commit[1]).journal == OWN - 1
    part.unparked(4)
    assert place_of(part.commit[1]).journal == OWN + 1


def test_what_parks_again_holds_the_position_at_its_last_receipt() -> None:
    part = taken_over(3)
    part.noted((3,), 100)  # it was resumed
    part.noted((3,), 101)
    part.parked(3, 1, 101)
    part.noted((11,), 200)
    assert (place_of(part.commit[1]).journal, part.journal.parked) == (101, {3: 1})


def test_what_a_person_sent_out_again_holds_it_until_its_end_and_while_it_waits() -> None:
    part = taken_over()
    part.revived |= {3, 4}
    part.noted((3, 4), 100)
    part.noted((4,), 102)
    part.parked(4, 8, 102)
    part.noted((11,), 200)
    for offset in (3, 4):
        part.unrevived(offset)
    assert place_of(part.commit[1]).journal == 102
    part.unparked(4)
    assert place_of(part.commit[1]).journal == 200

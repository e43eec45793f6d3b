"""Which agencies were served when: the same answer for all registrations, however far they are."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.registry.ledger import Entry, Ledger, Registered, State
from hub.registry.live import Landscape
from hub.registry.present import present
from hub.registry.selection import Selection, agencies_at
from tests.registry.test_earlier import ENTRY, FIRST, files, ledger

__all__ = ["files"]  # the fixture
A, B = frozenset({"A"}), frozenset({"B"})
AGENCIES = st.frozensets(st.sampled_from("ABC"))


def test_an_event_is_judged_by_what_was_registered_when_the_broker_took_it() -> None:
    before = [Selection(10, A), Selection(20, B)]
    now = A | B
    assert [A, A, B, B, now] == [agencies_at(before, now, at) for at in (0, 9, 10, 19, 20)]
    assert now == agencies_at(before, now, None)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True), st.integers(0, 60))
def test_an_agency_that_moves_falls_between_nobody(moments: list[int], at: int) -> None:
    """It goes from north to south and back, at moments of which north and south both know."""
    north: list[Selection] = []
    south: list[Selection] = []
    has = True
    for moment in sorted(moments):
        north.append(Selection(moment, A if has else frozenset()))
        south.append(Selection(moment, frozenset() if has else A))
        has = not has
    mine = agencies_at(north, A if has else frozenset(), at)
    theirs = agencies_at(south, frozenset() if has else A, at)
    assert (mine == A) != (theirs == A), "exactly one of them"


def versions(*said: tuple[State, list[str], int]) -> Ledger:
    entries: list[Entry] = [{**ENTRY, "agencies": [*of]} for _, of, _ in said]
    found = ledger(*[(FIRST, entry) for entry in entries])
    one = found.registrations["post"]
    before = [
        replace(version, state=state, at=at)
        for version, (state, _, at) in zip(one.before, said, strict=False)
    ]
    state, _, at = said[-1]
    changed: Registered = replace(one, before=tuple(before), state=state, at=at)
    return Ledger({"post": changed}, found.bundles)


def selected(files: Landscape, known: Ledger) -> tuple[Selection, ...]:
    (live,) = present(files, known).live
    return live.registration.selected


def test_the_ledger_says_what_was_served_until_when(files: Landscape) -> None:
    known = versions(("live", ["A"], 5), ("live", ["B"], 10), ("paused", ["B"], 20))
    assert (Selection(10, A),) == selected(files, known)


def test_what_was_never_served_selected_nothing(files: Landscape) -> None:
    known = versions(("draft", ["A"], 5), ("live", ["B"], 10))
    assert () == selected(files, known)


def test_where_the_agencies_stay_the_same_there_is_nothing_to_remember(files: Landscape) -> None:
    known = versions(("live", ["A"], 5), ("live", ["A"], 10), ("live", ["A"], 15))
    assert () == selected(files, known)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.tracker import OffsetTracker


@given(st.permutations(range(20)))
def test_any_order_of_settling_commits_everything(order: list[int]) -> None:
    tracker = OffsetTracker(0)
    for offset in range(20):
        tracker.polled(offset)
    settled: set[int] = set()
    for offset in order:
        tracker.settled(offset)
        settled.add(offset)
        # never past something unsettled, never before everything settled at the front
        assert tracker.committable == next(o for o in range(21) if o not in settled)
        assert tracker.open == 20 - len(settled)
    assert tracker.committable == 20


def test_gaps_are_passed_over() -> None:
    tracker = OffsetTracker(5)
    for offset in (7, 8, 12):
        tracker.polled(offset)
    assert tracker.committable == 5
    tracker.settled(7)
    assert tracker.committable == 8
    tracker.settled(12)
    assert (tracker.committable, tracker.open) == (8, 1)
    tracker.settled(8)
    assert tracker.committable == 13


def test_settling_twice_is_harmless() -> None:
    tracker = OffsetTracker(0)
    for offset in (0, 1):
        tracker.polled(offset)
    tracker.settled(0)
    tracker.settled(0)
    assert (tracker.committable, tracker.open) == (1, 1)


def test_an_offset_never_goes_back() -> None:
    tracker = OffsetTracker(0)
    tracker.polled(3)
    with pytest.raises(ValueError, match="offset 3 after 3"):
        tracker.polled(3)

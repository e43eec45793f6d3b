"""What became of an event at a registration: the first terminal outcome of the highest series."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.views.deliveries import MOST_DELIVERIES, Delivery, delivery_of, fold


def told(outcome: str, series: int = 0, offset: int = 7, registration: str = "portal") -> Delivery:
    return Delivery(offset, registration, outcome, series, 1)


@pytest.mark.parametrize(
    ("receipts", "outcome"),
    [
        ([told("DELIVERED")], "DELIVERED"),
        ([told("PARKED"), told("DELIVERED")], "DELIVERED"),
        ([told("PARKED"), told("PARKED")], "PARKED"),
        ([told("DELIVERED"), told("PARKED")], "DELIVERED"),
        ([told("DELIVERED"), told("DEAD_LETTERED")], "DELIVERED"),  # the first by offset counts
        ([told("DEAD_LETTERED"), told("DELIVERED", 1)], "DELIVERED"),  # requeued
        ([told("DELIVERED", 1), told("DEAD_LETTERED")], "DELIVERED"),
    ],
)
def test_one_outcome_counts(receipts: list[Delivery], outcome: str) -> None:
    known: tuple[Delivery, ...] = ()
    for one in receipts:
        known = fold(known, one)
    assert [outcome] == [one.outcome for one in known]


def test_registrations_and_events_stand_apart() -> None:
    known: tuple[Delivery, ...] = ()
    for one in (told("DELIVERED"), told("PARKED", registration="ngsp"), told("PARKED", offset=8)):
        known = fold(known, one)
    assert ["DELIVERED", "PARKED", "PARKED"] == [one.outcome for one in known]


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Delivery,
            st.integers(0, 3),
            st.sampled_from(["portal", "ngsp"]),
            st.sampled_from(["DELIVERED", "PARKED", "DEAD_LETTERED"]),
            st.integers(0, 2),
            st.just(1),
        ),
        max_size=30,
    )
)
def test_reading_receipts_again_changes_nothing(receipts: list[Delivery]) -> None:
    known: tuple[Delivery, ...] = ()
    for one in receipts:
        known = fold(known, one)
    assert len({one.place for one in receipts}) == len(known)
    settled = [one for one in known if one.outcome != "PARKED"]
    for one in receipts:
        known = fold(known, one)
    assert [one for one in known if one in settled] == settled


def test_they_are_bounded() -> None:
    known: tuple[Delivery, ...] = ()
    for offset in range(MOST_DELIVERIES + 5):
        known = fold(known, told("DELIVERED", offset=offset))
    assert (MOST_DELIVERIES, 5) == (len(known), known[0].offset)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "MARK"},
        {"kind": "ATTEMPT"},
        {"connector": ""},
        {"source_offset": None},
        {"outcome": None},
    ],
)
def test_other_kinds_of_receipt_tell_nothing(change: dict[str, str | None]) -> None:
    whole: dict[str, str | int | None] = {
        "kind": "OUTCOME",
        "source_offset": 3,
        "outcome": "DELIVERED",
        "connector": "portal",
        "series": 0,
        "at": 5,
    }
    assert Delivery(3, "portal", "DELIVERED", 0, 5) == delivery_of({**whole})
    assert delivery_of({**whole, **change}) is None

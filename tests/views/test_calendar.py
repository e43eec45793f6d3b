"""Working days by the decrees on days off of 2025 and 2026."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Halt
from hub.views.calendar import EPOCH, FILE, LOCAL, Calendar, load, moment, read

CALENDAR = load()
HEAD = "day,kind,reason,document"


@pytest.mark.parametrize(
    ("accepted", "limit", "due"),
    [
        ("2025-10-13", 3, "2025-10-16"),
        ("2025-10-17", 1, "2025-10-20"),
        ("2025-04-25", 1, "2025-04-26"),
        ("2025-04-29", 2, "2025-05-06"),
        ("2025-08-29", 1, "2025-09-03"),
        ("2025-12-31", 3, "2026-01-07"),
        ("2026-01-08", 2, "2026-01-10"),
        ("2026-02-11", 5, "2026-02-25"),
        ("2026-02-13", 1, "2026-02-23"),
        ("2026-04-24", 1, "2026-04-28"),
        ("2026-08-28", 1, "2026-09-03"),
    ],
)
def test_a_limit_ends_at_five_on_its_last_working_day(accepted: str, limit: int, due: str) -> None:
    expected = datetime.fromisoformat(f"{due}T17:00:00+07:00")
    assert expected == CALENDAR.due(date.fromisoformat(accepted), limit)


@pytest.mark.parametrize(
    ("due", "finished", "days"),
    [
        ("2026-02-25T17:00", "2026-02-27T10:00", 2),  # scenario 5
        ("2026-02-25T17:00", "2026-02-25T17:01", 0),  # the same day
        ("2026-02-25T17:00", "2026-02-24T09:00", 0),
        ("2026-02-13T17:00", "2026-02-23T08:00", 1),  # Tết does not count
        ("2026-01-09T17:00", "2026-01-10T08:00", 1),  # a working Saturday does
        ("2026-01-09T17:00", "2026-01-11T08:00", 1),  # the Sunday after it does not
        ("2025-10-17T17:00", "2025-10-19T08:00", 0),
        ("2026-12-30T17:00", "2027-01-04T08:00", None),
        ("2024-12-30T17:00", "2025-01-04T08:00", None),
    ],
)
def test_lateness_is_counted_in_working_days(due: str, finished: str, days: int | None) -> None:
    times = [datetime.fromisoformat(f"{text}:00+07:00") for text in (due, finished)]
    assert days == CALENDAR.working_days_late(*times)


def test_a_day_is_the_local_day() -> None:
    due = datetime.fromisoformat("2025-10-16T10:00:00+00:00")  # 17:00 local
    night = datetime.fromisoformat("2025-10-16T18:00:00+00:00")  # 01:00 local of the next day
    assert 1 == CALENDAR.working_days_late(due, night)


def test_beyond_the_data_a_day_is_unknown() -> None:
    assert CALENDAR.works(date(2027, 1, 4)) is None
    assert CALENDAR.works(date(2024, 12, 31)) is None
    assert CALENDAR.due(date(2026, 12, 31), 1) is None


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_without_sense_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        CALENDAR.due(date(2026, 1, 5), limit)


@settings(deadline=None)
@given(st.dates(date(2025, 1, 1), date(2026, 11, 30)), st.integers(1, 15))
def test_a_limit_is_as_many_working_days_as_it_says(accepted: date, limit: int) -> None:
    due = CALENDAR.due(accepted, limit)
    assert due is not None
    start = datetime.combine(accepted, datetime.min.time(), LOCAL)
    assert limit == CALENDAR.working_days_late(start, due)
    assert CALENDAR.works(due.date())


def test_every_exchanged_day_has_its_working_saturday() -> None:
    """A row "exchanged for X" and a row X "for that day" name each other."""
    text = FILE.read_text(encoding="utf-8")
    work = [day for day, works in CALENDAR.exceptions.items() if works]
    assert 3 == len(work)
    for day in work:
        assert 5 == day.weekday()
        assert f"exchanged for {day}" in text


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-01,HOLIDAY,x,y",
        "2026-01-01,OFF,x,",
        "2026-01-01,OFF,,y",
        "01/01/2026,OFF,x,y",
        "2026-01-01",
    ],
)
def test_a_wrong_row_is_named(row: str) -> None:
    with pytest.raises(Halt, match=r"calendar\.csv:2"):
        read([HEAD, row])


def test_a_day_stands_once_and_an_empty_calendar_is_refused() -> None:
    with pytest.raises(Halt, match="twice"):
        read([HEAD, "2026-01-01,OFF,x,y", "2026-01-01,WORK,x,y"])
    with pytest.raises(Halt, match="no rows"):
        read([HEAD])


def test_weekends_and_exceptions() -> None:
    calendar = Calendar({date(2026, 1, 10): True, date(2026, 1, 2): False}, 2026, 2026)
    assert [True, False, True, False] == [
        calendar.works(date(2026, 1, day)) for day in (5, 2, 10, 11)
    ]


@settings(deadline=None)
@given(st.integers(0, 4_102_444_800_000))
def test_milliseconds_and_local_time_are_the_same_moment(ms: int) -> None:
    assert ms == (moment(ms) - EPOCH) // timedelta(milliseconds=1)
    assert timedelta(hours=7) == moment(ms).utcoffset()

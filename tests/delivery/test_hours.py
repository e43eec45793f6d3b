"""Closed hours against the calendar: every expectation is a date and a time in Vietnam."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.hours import DAY, Week, Window, local_day, midnight

VIETNAM = timezone(timedelta(hours=7))
EVERY_DAY = frozenset(range(7))
NIGHT = Window(22 * 60, 29 * 60, EVERY_DAY)  # 22:00 to 05:00
MINUTE = timedelta(minutes=1)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def at(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=VIETNAM))


def text(epoch_ms: int) -> str:
    moment = datetime.fromtimestamp(epoch_ms / 1000, VIETNAM).replace(tzinfo=None)
    return moment.isoformat(" ", "milliseconds").removesuffix(":00.000")


SUNDAY = Window(0, DAY, frozenset({6}))
MONDAY_NIGHT = Window(22 * 60, 29 * 60, frozenset({0}))
LATE_SUNDAY = Window(23 * 60, 30 * 60, frozenset({6}))  # runs over the end of the week
NOON = Window(11 * 60 + 30, 13 * 60 + 30, EVERY_DAY)
AFTER_NOON = Window(13 * 60, 14 * 60, EVERY_DAY)


@pytest.mark.parametrize(
    ("windows", "asked", "opens"),
    [
        ([], "2025-10-13 23:00", "2025-10-13 23:00"),
        ([NIGHT], "2025-10-13 21:59:59.999", "2025-10-13 21:59:59.999"),
        ([NIGHT], "2025-10-13 22:00", "2025-10-14 05:00"),
        ([NIGHT], "2025-10-13 22:00:00.001", "2025-10-14 05:00"),
        ([NIGHT], "2025-10-14 00:00", "2025-10-14 05:00"),
        ([NIGHT], "2025-10-14 04:59:59.999", "2025-10-14 05:00"),
        ([NIGHT], "2025-10-14 05:00", "2025-10-14 05:00"),
        ([NIGHT], "2025-12-31 23:59", "2026-01-01 05:00"),
        ([NIGHT], "2028-02-29 22:30", "2028-03-01 05:00"),
        ([MONDAY_NIGHT], "2025-10-13 23:00", "2025-10-14 05:00"),  # a Monday, open on Tuesday
        ([MONDAY_NIGHT], "2025-10-13 03:00", "2025-10-13 03:00"),  # the window began on Sunday
        ([MONDAY_NIGHT], "2025-10-14 23:00", "2025-10-14 23:00"),
        ([SUNDAY], "2025-10-12 00:00", "2025-10-13 00:00"),
        ([LATE_SUNDAY], "2025-10-12 23:30", "2025-10-13 06:00"),
        ([LATE_SUNDAY], "2025-10-13 05:30", "2025-10-13 06:00"),
        ([SUNDAY, LATE_SUNDAY], "2025-10-12 12:00", "2025-10-13 06:00"),  # overlap and go on
        ([NOON, AFTER_NOON], "2025-10-13 12:00", "2025-10-13 14:00"),
        ([Window(1, DAY, EVERY_DAY)], "2025-10-13 00:01", "2025-10-14 00:00"),
        ([Window(1, DAY, EVERY_DAY)], "2025-10-13 00:00:59", "2025-10-13 00:00:59.000"),
    ],
)
def test_a_closed_moment_waits_for_the_first_open_one(
    windows: list[Window], asked: str, opens: str
) -> None:
    assert text(Week(windows).opens(at(asked))) == opens


def test_every_night_of_the_year_is_equally_long() -> None:
    week = Week([NIGHT])
    for day in range(366):
        evening = datetime(2026, 1, 1, 15, tzinfo=UTC) + timedelta(days=day)  # 22:00 in Vietnam
        assert week.opens(ms(evening)) == ms(evening + timedelta(hours=7))
        assert week.opens(ms(evening) - 1) == ms(evening) - 1


@pytest.mark.parametrize(
    "windows",
    [
        [Window(0, DAY, EVERY_DAY)],
        [Window(720, 720 + DAY, EVERY_DAY)],
        [Window(22 * 60, 29 * 60, EVERY_DAY), Window(4 * 60, 23 * 60, EVERY_DAY)],
        [Window(0, DAY, frozenset({day})) for day in range(7)],
    ],
)
def test_a_week_that_never_opens_is_no_week(windows: list[Window]) -> None:
    with pytest.raises(ValueError, match="no minute"):
        Week(windows)


WINDOWS = st.builds(
    lambda start, length, days: Window(start, start + length, days),
    st.integers(0, DAY - 1),
    st.integers(1, DAY - 1),
    st.frozensets(st.integers(0, 6), min_size=1, max_size=5),
)


def closed(windows: list[Window], moment: datetime) -> bool:
    """By the words of the promise: a window began today or yesterday, and has not ended."""
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return any(
        begin.weekday() in window.days
        and begin + window.start * MINUTE <= moment < begin + window.end * MINUTE
        for begin in (today, today - timedelta(days=1))
        for window in windows
    )


@given(st.lists(WINDOWS, max_size=3), st.integers(0, 4_102_444_800_000))
def test_any_windows_open_where_the_calendar_says(windows: list[Window], now: int) -> None:
    try:
        week = Week(windows)
    except ValueError:
        return
    moment = datetime.fromtimestamp(0, VIETNAM) + timedelta(milliseconds=now)
    if closed(windows, moment):
        moment = moment.replace(second=0, microsecond=0) + MINUTE
        while closed(windows, moment):
            moment += MINUTE
    assert week.opens(now) == ms(moment)


@given(st.integers(-86_400_000, 4_102_444_800_000))
def test_a_day_is_the_calendars(now: int) -> None:
    moment = datetime.fromtimestamp(0, VIETNAM) + timedelta(milliseconds=now)
    day = local_day(now)
    assert day == moment.toordinal() - datetime(1970, 1, 1, tzinfo=VIETNAM).toordinal()
    assert midnight(day) <= now < midnight(day + 1)

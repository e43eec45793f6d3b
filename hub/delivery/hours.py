"""The hours of a week in which a system may not be called, on the clock of Vietnam.

A table of the week's minutes: windows may overlap, cross midnight and run over the end of the week,
and the next open minute is one search away.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MINUTE_MS = 60_000
DAY = 1_440  # minutes
WEEK = 7 * DAY
VIETNAM = 7 * 60  # minutes ahead of UTC, all year: Asia/Ho_Chi_Minh has no daylight saving
EPOCH_DAY = 3  # 1970-01-01 was a Thursday; Monday is 0
OPEN, CLOSED = 0, 1


@dataclass(frozen=True, slots=True)
class Window:
    """Closed from minute `start` until before minute `end`, on each of `days` (0 = Monday).

    Both count from the midnight that begins the day; an `end` beyond 1,440 lies on the next day.
    """

    start: int
    end: int
    days: frozenset[int]


class Week:
    """Which minutes of the week are closed."""

    def __init__(self, windows: Iterable[Window]) -> None:
        """Raises ValueError where no minute of the week is left open."""
        minutes = bytearray(WEEK)
        for window in windows:
            for day in window.days:
                for minute in range(day * DAY + window.start, day * DAY + window.end):
                    minutes[minute % WEEK] = CLOSED
        if OPEN not in minutes:
            raise ValueError("no minute of the week is open")
        self._minutes = bytes(minutes) * 2  # so that a search may run over the end of the week

    def opens(self, epoch_ms: int) -> int:
        """The first moment from `epoch_ms` on that is open, in epoch milliseconds."""
        minute, since = divmod(epoch_ms, MINUTE_MS)
        now = (minute + VIETNAM + EPOCH_DAY * DAY) % WEEK
        closed = self._minutes.find(OPEN, now) - now
        return epoch_ms - since + closed * MINUTE_MS if closed else epoch_ms


def local_day(epoch_ms: int) -> int:
    """The day in Vietnam, as days since 1970-01-01."""
    return (epoch_ms // MINUTE_MS + VIETNAM) // DAY


def midnight(day: int) -> int:
    """When that day begins in Vietnam, in epoch milliseconds."""
    return (day * DAY - VIETNAM) * MINUTE_MS

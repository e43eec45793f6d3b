"""When the next call to a system may start: calls per second, calls per day, closed hours.

No clock of its own. The rate runs on the monotonic clock; days and hours are the wall clock's,
which may jump: a wait that was told is worth asking about again, at least every minute.

What is counted is what this process started. Where several worker processes deliver to one system,
each is given its `share` of both numbers, so that together they stay within them; after a restart a
process begins its part of the day anew.
"""

import math
from fractions import Fraction

from hub.delivery.hours import Week, local_day, midnight
from hub.errors import Halt
from hub.registry.call_limits import CallLimits, window_of

BURST = 1.0  # seconds whose calls may start at once after a pause
TICK = 1e-6  # seconds; a shorter wait is a rounding error of the clock
DAYS_KEPT = 8  # days whose calls are remembered, however the clock jumps between them


class Limits:
    """The limits of one registration, and what has been started under them."""

    def __init__(self, limits: CallLimits, share: Fraction = Fraction(1)) -> None:
        """`share`: this process's part, 1/N where N processes deliver.

        Raises Halt where the share of a day is not one whole call.
        """
        rate = None if limits.per_second is None else limits.per_second * share
        self._rate = None if rate is None else _Rate(rate)
        most = None if limits.per_day is None else _part_of_a_day(limits.per_day, share)
        self.calls: dict[int, int] = {}  # by day, where a day has a limit
        self._quota = None if most is None else _Quota(most, self.calls)
        self._week = Week(map(window_of, limits.closed))
        self.any = rate is not None or most is not None or bool(limits.closed)

    def go_on_from(self, before: "Limits") -> None:
        """These replace others of the same system: its day has the calls that it has had."""
        self.calls.update(before.calls)

    def wait(self, monotonic: float, epoch_ms: int) -> float:
        """Seconds until a call may start, 0.0 for now. Asking changes nothing."""
        if not self.any:
            return 0.0
        pause = self._rate.wait(monotonic) if self._rate else 0.0
        start = at = epoch_ms + math.ceil(pause * 1000)
        while (later := self._opens(at)) > at:  # each turn passes a window or a spent day
            at = later
        return pause if at == start else (at - epoch_ms) / 1000

    def _opens(self, epoch_ms: int) -> int:
        opens = self._quota.opens(epoch_ms) if self._quota else epoch_ms
        return self._week.opens(opens)

    def started(self, monotonic: float, epoch_ms: int) -> None:
        """A call starts now. It counts even if nobody asked whether it may."""
        if self._rate:
            self._rate.started(monotonic)
        if self._quota:
            self._quota.started(local_day(epoch_ms))


class _Rate:
    """A token bucket kept as one moment (generic cell rate algorithm, ITU-T I.371, annex A).

    It holds the calls of `BURST`, but at least one.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._early = max(0.0, BURST - self._gap)
        self._due = -math.inf  # when the bucket is full again

    def wait(self, now: float) -> float:
        pause = self._due - self._early - now
        return pause if pause > TICK else 0.0

    def started(self, now: float) -> None:
        self._due = max(self._due, now) + self._gap


class _Quota:
    """Calls of a day. Counted by day, so that a clock that goes back finds what it left."""

    def __init__(self, most: int, calls: dict[int, int]) -> None:
        self._most = most
        self._calls = calls

    def opens(self, epoch_ms: int) -> int:
        """`epoch_ms` if its day has calls left, otherwise the first midnight of one that has."""
        first = day = local_day(epoch_ms)
        while self._calls.get(day, 0) >= self._most:
            day += 1
        return epoch_ms if day == first else midnight(day)

    def started(self, day: int) -> None:
        self._calls[day] = self._calls.get(day, 0) + 1
        if len(self._calls) > DAYS_KEPT:
            del self._calls[next(iter(self._calls))]


def _part_of_a_day(per_day: int, share: Fraction) -> int:
    part = math.floor(per_day * share)
    if part == 0:
        raise Halt(
            f"{per_day} calls a day cannot be shared by {1 / share} processes",
            where="delivery.limits.per_day",
            fix="run fewer workers, or agree on more calls with the system",
        )
    return part

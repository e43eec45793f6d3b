"""Limits on a virtual clock: `World` moves both clocks, and only the wall clock jumps."""

import math
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.delivery.limits import Limits
from hub.errors import Halt
from hub.registry.call_limits import CallLimits, Closed

VIETNAM = timezone(timedelta(hours=7))
HOUR = 3_600.0
NIGHT = Closed("22:00", "05:00")


class World:
    """A system's limits, and the two clocks."""

    def __init__(self, start: str, limits: CallLimits, share: Fraction = Fraction(1)) -> None:
        self.limits = Limits(limits, share)
        self.monotonic = 5_000.0
        self.wall = round(datetime.fromisoformat(start).replace(tzinfo=VIETNAM).timestamp() * 1000)
        self.calls: Counter[date] = Counter()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall / 1000, VIETNAM)

    def pass_(self, seconds: float) -> None:
        self.monotonic += seconds
        self.jump(seconds)

    def jump(self, seconds: float) -> None:
        self.wall += math.ceil(seconds * 1000)

    def wait(self) -> float:
        return self.limits.wait(self.monotonic, self.wall)

    def start(self) -> None:
        self.limits.started(self.monotonic, self.wall)
        self.calls[self.now.date()] += 1

    def burst(self, most: int = 10_000) -> int:
        """Start what may start at this moment; how many calls that were."""
        for started in range(most):
            if self.wait():
                return started
            self.start()
        return most


def test_without_limits_nothing_waits() -> None:
    assert World("2025-10-13 23:00", CallLimits()).burst(500) == 500


@pytest.mark.parametrize(
    ("per_second", "at_once", "then"),
    [(0.001, 1, 1000.0), (0.5, 1, 2.0), (1, 1, 1.0), (2.5, 2, 0.2), (50, 50, 0.02)],
)
def test_a_second_of_calls_may_start_at_once(per_second: float, at_once: int, then: float) -> None:
    world = World("2025-10-13 09:00", CallLimits(per_second=per_second))
    assert world.burst() == at_once
    assert world.wait() == pytest.approx(then)
    world.pass_(10_000)
    assert world.burst() == at_once


@pytest.mark.parametrize("per_second", [0.7, 3, 50, 333])
def test_the_rate_is_reached_and_kept(per_second: float) -> None:
    world = World("2025-10-13 09:00", CallLimits(per_second=per_second))
    started = 0
    end = world.monotonic + 60
    while world.monotonic < end:
        started += world.burst()
        world.pass_(world.wait())
    assert 60 * per_second <= started <= 60 * per_second + max(1, per_second) + 1


def test_a_call_that_asked_nobody_counts() -> None:
    world = World("2025-10-13 09:00", CallLimits(per_second=2, per_day=4))
    for _ in range(6):
        world.start()
    assert world.wait() == 15 * HOUR  # and not longer: what was too much is not owed tomorrow
    world.pass_(15 * HOUR)
    assert world.burst() == 2


def test_the_rate_does_not_see_the_wall_clock_jump() -> None:
    world = World("2025-10-13 09:00", CallLimits(per_second=2))
    world.burst()
    world.jump(HOUR)
    assert world.wait() == pytest.approx(0.5)
    world.jump(-2 * HOUR)
    assert world.wait() == pytest.approx(0.5)


def test_the_quota_is_a_days_and_the_day_is_vietnams() -> None:
    world = World("2025-10-13 06:30", CallLimits(per_day=3))  # still the 12th in UTC
    assert world.burst() == 3
    assert world.wait() == 17.5 * HOUR
    world.pass_(17.5 * HOUR - 1)
    assert world.wait() == 1.0
    world.pass_(1)
    assert world.burst() == 3


def test_yesterdays_rest_is_gone() -> None:
    world = World("2025-10-13 12:00", CallLimits(per_day=3))
    assert world.burst(1) == 1
    world.pass_(24 * HOUR)
    assert world.burst() == 3


@pytest.mark.parametrize("back", [-0.5, -1.0])
def test_a_clock_that_goes_back_over_midnight_gives_no_second_quota(back: float) -> None:
    world = World("2025-10-13 23:50", CallLimits(per_day=3))
    assert world.burst() == 3
    world.jump(HOUR)  # 00:50 of the 14th
    assert world.burst(2) == 2
    world.jump(back * HOUR)
    passed = 24 * HOUR - (world.now.hour * HOUR + world.now.minute * 60)
    if back == -1.0:
        assert world.wait() == passed == 600
        world.pass_(passed)
    assert world.burst() == 1
    assert set(world.calls.values()) == {3}


def test_a_clock_that_goes_forward_over_midnight_loses_no_quota() -> None:
    world = World("2025-10-13 23:30", CallLimits(per_day=3))
    world.jump(HOUR)
    world.jump(-HOUR)
    assert world.burst() == 3
    assert world.wait() == HOUR / 2


def test_both_days_spent_wait_for_the_third() -> None:
    world = World("2025-10-13 23:30", CallLimits(per_day=2))
    assert world.burst() == 2
    world.jump(HOUR)
    assert world.burst() == 2
    world.jump(-HOUR)
    assert world.wait() == 24.5 * HOUR


def test_a_clock_that_was_years_off_does_no_lasting_harm() -> None:
    world = World("2025-10-13 12:00", CallLimits(per_day=2))
    world.jump(20_000 * 24 * HOUR)
    assert world.burst() == 2
    world.jump(-20_000 * 24 * HOUR)
    assert world.burst() == 2
    assert world.wait() == 12 * HOUR


def test_closed_hours_end_the_calls_and_their_end_lets_them_go() -> None:
    world = World("2025-10-13 21:59", CallLimits(closed=[NIGHT]))
    assert world.wait() == 0.0
    world.pass_(60)
    assert world.wait() == 7 * HOUR
    world.jump(-HOUR)  # the clock was wrong: it is still 21:00
    assert world.wait() == 0.0
    world.jump(HOUR * 1.5)
    assert world.wait() == 6.5 * HOUR


def test_a_new_day_that_begins_in_closed_hours_waits_for_their_end() -> None:
    world = World("2025-10-13 21:00", CallLimits(per_day=1, closed=[NIGHT]))
    world.start()
    assert world.wait() == 8 * HOUR


def test_closed_hours_that_end_on_a_spent_day_wait_for_the_day_after() -> None:
    world = World("2025-10-13 23:30", CallLimits(per_day=1, closed=[Closed("23:00", "02:00")]))
    world.jump(HOUR)
    world.start()
    world.jump(-HOUR)
    assert world.wait() == 26.5 * HOUR


def test_a_wait_for_the_rate_that_ends_in_closed_hours_goes_on() -> None:
    world = World("2025-10-13 21:59:58", CallLimits(per_second=0.25, closed=[NIGHT]))
    world.start()
    assert world.wait() == 7 * HOUR + 2


def test_processes_share_the_numbers() -> None:
    limits = CallLimits(per_second=9, per_day=100)
    third = World("2025-10-13 09:00", limits, Fraction(1, 3))
    assert third.burst() == 3
    assert third.wait() == pytest.approx(1 / 3)
    while third.wait() < HOUR:
        third.pass_(third.wait())
        third.start()
    assert third.calls.total() == 33


def test_a_share_of_less_than_a_call_needs_a_person() -> None:
    Limits(CallLimits(per_day=49), Fraction(1, 49))
    with pytest.raises(Halt, match="48 calls a day cannot be shared by 49 processes"):
        Limits(CallLimits(per_day=48), Fraction(1, 49))


class LimitsMachine(RuleBasedStateMachine):
    """Against what the words say: tokens that drip, a tally by date, a look at the clock.

    Windows begin and end at half hours, so the next open moment is found by trying each.
    """

    @initialize(
        rate=st.sampled_from([None, Fraction(1, 100), Fraction(3, 2), Fraction(7)]),
        quota=st.sampled_from([None, 1, 5]),
        windows=st.lists(
            st.tuples(st.integers(0, 47), st.integers(1, 20), st.integers(0, 6)), max_size=3
        ),
        start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - World adds it
    )
    def open(
        self,
        rate: Fraction | None,
        quota: int | None,
        windows: list[tuple[int, int, int]],
        start: datetime,
    ) -> None:
        self.rate, self.quota, self.windows = rate, quota, windows
        closed = [Closed(clock(a), clock((a + n) % 48), [DAYS[d]]) for a, n, d in windows]
        limits = CallLimits(None if rate is None else float(rate), quota, closed)
        self.world = World(start.isoformat(), limits)
        self.full = max(Fraction(1), rate or Fraction(1))
        self.tokens, self.filled = self.full, Fraction(self.world.monotonic)

    @rule(millis=st.integers(0, 2_000) | st.integers(0, 100_000_000))
    def time_passes(self, millis: int) -> None:
        self.world.monotonic += millis / 1000
        self.world.wall += millis

    @rule(minutes=st.integers(-60, 60))
    def the_wall_clock_jumps(self, minutes: int) -> None:
        self.world.wall += minutes * 60_000

    @rule()
    def a_call_starts_if_it_may(self) -> None:
        if self.world.wait() == 0:
            assert self.quota is None or self.world.calls[self.world.now.date()] < self.quota
            self.start()

    @rule()
    def a_call_starts_anyway(self) -> None:
        self.start()

    @rule()
    def what_was_told_is_waited_for(self) -> None:
        self.world.pass_(self.world.wait())
        assert self.world.wait() == 0

    def start(self) -> None:
        self.tokens = self.level() - 1
        self.filled = Fraction(self.world.monotonic)
        self.world.start()

    def level(self) -> Fraction:
        dripped = (Fraction(self.world.monotonic) - self.filled) * (self.rate or 0)
        return min(self.full, self.tokens + dripped)

    @invariant()
    def the_wait_is_what_the_words_say(self) -> None:
        pause = max(Fraction(0), 1 - self.level()) / self.rate if self.rate else Fraction(0)
        start = self.world.now + timedelta(milliseconds=math.ceil(pause * 1000))
        moment = start
        while not self.may(moment):
            half = moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
            moment = half + timedelta(minutes=30)
        expected = float(pause) + (moment - start).total_seconds()
        assert self.world.wait() == pytest.approx(expected, abs=0.003)

    def may(self, moment: datetime) -> bool:
        spent = self.quota is not None and self.world.calls[moment.date()] >= self.quota
        today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        half = timedelta(minutes=30)
        return not spent and not any(
            begin.weekday() == day and begin + a * half <= moment < begin + (a + n) * half
            for begin in (today, today - timedelta(days=1))
            for a, n, day in self.windows
        )


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


TestLimits = LimitsMachine.TestCase
TestLimits.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)

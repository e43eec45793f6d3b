from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.delivery.pace import AGES, LONGEST_ROUND, Pace


def good(pace: Pace, answers: int, latency: float = 0.1, now: float = 0.0) -> int:
    """The limit after so many good answers."""
    for _ in range(answers):
        pace.good(latency, now)
    return pace.limit


def overloaded(pace: Pace, answers: int, now: float = 0.0) -> int:
    for _ in range(answers):
        pace.overloaded(now)
    return pace.limit


@pytest.mark.parametrize(
    ("most", "first", "limit"), [(16, 8, 8), (5, 8, 5), (1, 8, 1), (64, 20, 20), (64, 1, 1)]
)
def test_it_begins_as_it_is_told_within_its_bounds(most: int, first: int, limit: int) -> None:
    assert Pace(most, first).limit == limit


def test_it_begins_with_eight() -> None:
    assert Pace(16).limit == 8


def test_each_full_round_of_good_answers_adds_one() -> None:
    pace = Pace(10)
    assert [good(pace, n) for n in (7, 1, 8, 1, 10, 100)] == [8, 9, 9, 10, 10, 10]


def test_an_overload_halves_it_once_a_round() -> None:
    pace = Pace(64, 16)
    assert [overloaded(pace, n) for n in (1, 2, 1, 12)] == [15, 15, 8, 8]  # all were under way
    assert overloaded(pace, 2) == 4  # sent since
    assert good(pace, 6) == 4  # the round that had an overload adds nothing
    assert good(pace, 4) == 5


@pytest.mark.parametrize(("size", "few"), [(3, 1), (8, 1), (11, 1), (12, 2), (64, 15)])
def test_a_few_refusals_in_a_round_cost_one_place(size: int, few: int) -> None:
    pace = Pace(64, size)
    assert overloaded(pace, few) == size - 1
    assert good(pace, size - few - 1) == size - 1
    assert good(pace, 1 + size - 1) == size  # the next round is a good one

    pace = Pace(64, size)
    assert overloaded(pace, few + 1) == size // 2


def test_an_overload_leaves_no_more_than_is_allowed_since() -> None:
    pace = Pace(64, 64)
    overloaded(pace, 1)
    pace.allow(10)
    assert overloaded(pace, 15) == 10


def test_it_never_falls_below_one_and_rises_from_there() -> None:
    pace = Pace(64)
    assert overloaded(pace, 100) == 1
    assert [good(pace, n) for n in (1, 2, 3)] == [2, 3, 4]


@pytest.mark.parametrize(("later", "limit"), [(LONGEST_ROUND - 1, 31), (LONGEST_ROUND, 30)])
def test_with_few_calls_a_round_ends_with_time(later: float, limit: int) -> None:
    pace = Pace(64, 32)
    assert overloaded(pace, 1) == 31
    assert overloaded(pace, 1, now=later) == limit


def test_it_rises_only_while_latency_holds_and_never_falls_for_it() -> None:
    pace = Pace(64)
    limit = good(pace, 100, latency=0.1)
    assert good(pace, 1_000, latency=0.5) - limit <= 1  # the round in which it changes
    limit = pace.limit
    assert good(pace, 8 + 2 * limit, latency=0.1) > limit


@pytest.mark.parametrize("idle", [False, True])
def test_the_best_latency_ages_out(*, idle: bool) -> None:
    """A system may become slower for good, under work all the time or in a quiet hour."""
    pace = Pace(64)
    limit = good(pace, 100, latency=0.1, now=0.0)
    if not idle:
        limit = good(pace, 100, latency=0.5, now=AGES)
        assert good(pace, 100, latency=0.5, now=2 * AGES - 1) == limit
    assert good(pace, 100, latency=0.5, now=2 * AGES) > limit + 1


def test_milliseconds_of_our_own_do_not_hold_it_back() -> None:
    pace = Pace(64)
    limit = good(pace, 100, latency=0.0)
    assert good(pace, 100, latency=0.009) > limit + 1
    limit = pace.limit
    assert good(pace, 100, latency=0.02) <= limit + 1


class PaceMachine(RuleBasedStateMachine):
    """Against a naive model: the answers of the current round, in a list. Latency is constant."""

    MOST = 12

    def __init__(self) -> None:
        super().__init__()
        self.pace = Pace(self.MOST, 4)
        self.limit = 4
        self.now = 0.0
        self.round: list[str] = []
        self.size = 4
        self.since = 0.0

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(answers=st.integers(1, 15))
    def good(self, answers: int) -> None:
        for _ in range(answers):
            self.pace.good(0.1, self.now)
            self.round.append("good")
            self.end()

    @rule(answers=st.integers(1, 5))
    def overloaded(self, answers: int) -> None:
        for _ in range(answers):
            self.pace.overloaded(self.now)
            refused = self.round.count("overload")
            if not refused or self.now - self.since >= 60:
                self.round, self.size, self.since, refused = [], self.limit, self.now, 0
            self.round.append("overload")
            if not refused:
                self.limit = max(1, self.size - 1)
            elif refused + 1 == max(2, self.size // 4):
                self.limit = max(1, self.size // 2)
            self.end()

    def end(self) -> None:
        if len(self.round) == self.size:
            if "overload" not in self.round and self.limit < self.MOST:
                self.limit += 1
            self.round, self.size = [], self.limit

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        assert self.pace.limit == self.limit
        assert 1 <= self.pace.limit <= self.MOST


TestPace = PaceMachine.TestCase
TestPace.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# A lane with more work than it can do, and a peer, on a virtual clock.

Peer = Callable[
    [int], tuple[float, bool]
]  # of the calls under way: seconds, and whether it is good


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended."""

    now: float
    good: bool
    limit: int


def ends(pace: Pace, peer: Peer) -> Iterator[End]:
    now = 0.0
    under_way: list[tuple[float, int, float, bool]] = []
    number = 0
    while True:
        while len(under_way) < pace.limit:
            number += 1
            seconds, is_good = peer(len(under_way) + 1)
            heappush(under_way, (now + seconds, number, now, is_good))
        now, _, sent, is_good = heappop(under_way)
        if is_good:
            pace.good(now - sent, now)
        else:
            pace.overloaded(now)
        yield End(now, is_good, pace.limit)


def reached(limit: int, run: Iterator[End], within: int = 100_000) -> float:
    """Seconds until the limit is so high."""
    return next(end.now for end in islice(run, within) if end.limit >= limit)


@pytest.mark.parametrize("latency", [0.0, 0.03, 0.5])
@pytest.mark.parametrize("most", [8, 16, 32])
def test_all_that_is_allowed_is_reached_within_seconds(latency: float, most: int) -> None:
    took = reached(most, ends(Pace(most), lambda _: (latency, True)))
    assert took <= (most - 8 + 1) * latency + 1e-6
    assert took < 13


@pytest.mark.parametrize("latency", [0.0, 0.03, 0.5])
@pytest.mark.parametrize("seed", range(10))
def test_jitter_of_half_the_latency_hinders_nothing(latency: float, seed: int) -> None:
    luck = Random(seed)
    run = list(islice(ends(Pace(32), lambda _: (latency * luck.uniform(0.5, 1.5), True)), 5_000))
    limits = [end.limit for end in run]
    assert limits == sorted(limits)
    assert reached(32, iter(run)) <= 1.2 * (32 - 8 + 1) * latency


def test_a_peer_that_refuses_more_than_it_can_is_kept_near_that() -> None:
    def peer(together: int) -> tuple[float, bool]:
        return (0.1, True) if together <= 20 else (0.01, False)

    run = list(islice(ends(Pace(64), peer), 20_000))
    assert max(end.limit for end in run) == 21
    assert min(end.limit for end in run[2_000:]) >= 10
    assert sum(not end.good for end in run) < 0.03 * len(run)
    assert sum(end.good for end in run) / run[-1].now > 0.9 * 20 / 0.1


def test_a_peer_that_queues_gets_no_longer_a_queue_than_it_has_places() -> None:
    def peer(together: int) -> tuple[float, bool]:
        return 0.1 * max(1.0, together / 10), True

    run = list(islice(ends(Pace(64), peer), 10_000))
    assert run[-1].now < AGES
    assert 10 <= run[-1].limit <= 22  # twice its places are twice its latency


@pytest.mark.parametrize("seed", range(5))
def test_a_peer_that_cannot_take_one_message_in_fifty_keeps_its_pace(seed: int) -> None:
    luck = Random(seed)
    run = list(islice(ends(Pace(32), lambda _: (0.03, luck.random() > 0.02)), 20_000))
    limits = [end.limit for end in run[2_000:]]
    assert sum(limits) / len(limits) > 16
    assert min(limits) > 6


def test_a_peer_that_hangs_is_left_with_one_call_and_gets_its_pace_back() -> None:
    hangs = True
    run = ends(Pace(16), lambda _: (30.0, False) if hangs else (0.1, True))
    assert [end.limit for end in islice(run, 8 + 4 + 2 + 1)] == [7] + [4] * 7 + [3] + [2] * 3 + [
        1
    ] * 3
    hangs = False
    down = next(run).now  # sent before
    assert reached(16, run) - down < 2


def test_a_peer_that_refuses_everything_has_one_call_at_once_before_long() -> None:
    run = ends(Pace(1024, 1024), lambda _: (0.01, False))
    assert [end.limit for end in islice(run, 2 * 1024)][-1] == 1

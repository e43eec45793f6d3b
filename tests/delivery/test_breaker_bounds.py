from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count, takewhile
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.delivery.breaker import Breaker
from hub.delivery.policy import LONGEST_ASKED


class BreakerMachine(RuleBasedStateMachine):
    """Against a naive model: all that was told since it last closed, judged anew each time."""

    WHATS = st.sampled_from(["X", "Y"])
    KEYS = "abcdefgh"

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(failures=3, dossiers=3)
        self.now = 0.0
        self.calls: set[str] = set()
        self.told: list[tuple[str, str, bool]] = []
        self.cause: str | None = None  # "" = the system
        self.probe: str | None = None
        self.grown = 0
        self.due = self.asked = 0.0

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def start_all_that_may(self) -> None:
        for key in self.KEYS:
            if key not in self.calls and self.breaker.may_start(self.now):
                self.breaker.started(self.now, key)
                self.calls.add(key)
                if self.cause is not None:
                    self.probe = key

    @rule()
    def start_when_the_pause_is_over(self) -> None:
        self.now = max(self.now, self.due, self.asked)
        self.start_all_that_may()

    @precondition(lambda self: self.calls)
    @rule(
        data=st.data(),
        times=st.integers(1, 4),
        what=WHATS,
        system=st.booleans(),
        after=st.sampled_from([None, None, 0.0, 40.0, 1e9]),
        chance=st.floats(0, 1, exclude_max=True),
    )
    def fail(
        self,
        data: st.DataObject,
        times: int,
        what: str,
        system: bool,
        after: float | None,
        chance: float,
    ) -> None:
        for _ in range(min(times, len(self.calls))):
            self.fail_one(self.end(data), what, system, after, chance)

    def fail_one(
        self, key: str, what: str, system: bool, after: float | None, chance: float
    ) -> None:
        self.breaker.failed(key, what, system=system, after=after, now=self.now, chance=chance)
        if self.cause is not None and not system and what != self.cause:
            self.close()
        was_open = self.cause is not None
        news = key == self.probe or (self.probe is None and self.now >= max(self.due, self.asked))
        self.told.append((key, what, system))
        if not was_open:
            self.cause = self.judged()
        if after is not None and (system or self.cause is not None):
            self.asked = max(self.asked, self.now + min(after, LONGEST_ASKED))
        if self.cause is not None and (news or not was_open):
            self.probe = None
            self.grown = min(self.grown + 1, 7)
            self.due = self.now + min(2 ** (self.grown - 1), 60) * (0.5 + chance / 2)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        key = self.end(data)
        self.breaker.answered(self.now, key)
        if not self.cause or key == self.probe:
            self.grown = max(0, self.grown - 1)
            self.close()

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        key = self.end(data)
        self.breaker.dropped(self.now, key)
        if key == self.probe:
            self.probe = None

    def end(self, data: st.DataObject) -> str:
        key = data.draw(st.sampled_from(sorted(self.calls)))
        self.calls.remove(key)
        return key

    def close(self) -> None:
        self.told.clear()
        self.cause = self.probe = None
        self.due = self.asked = self.now

    def judged(self) -> str | None:
        """Why it has to be open, after what was told last."""
        if len(self.told) >= 3 and all(system for _, _, system in self.told[-3:]):
            return ""
        messages = [(key, what) for key, what, system in reversed(self.told) if not system]
        if self.told[-1][2]:
            return None
        alike = takewhile(lambda told: told[1] == messages[0][1], messages)
        return messages[0][1] if len({key for key, _ in alike}) >= 3 else None

    @invariant()
    def it_is_open_when_it_has_to_be(self) -> None:
        assert self.breaker.state == ("closed" if self.cause is None else "open")
        assert (self.breaker.reason is None) == (self.cause is None)

    @invariant()
    def it_waits_as_long_as_it_has_to(self) -> None:
        wait = self.breaker.wait(self.now)
        if self.cause is None:
            assert wait == 0.0
        elif self.probe is not None:
            assert wait == inf
        else:
            due = max(self.due, self.asked)
            assert wait == pytest.approx(max(0.0, due - self.now), abs=1e-6)
        assert self.breaker.may_start(self.now) == (wait == 0.0)


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


# A lane with more work than it can do, and a peer, on a virtual clock.

FAULT = "Fault: no listener"
PLACES = 16
GOOD = 0.1  # seconds of a call that is taken


def calls(
    up: Callable[[float], bool],
    *,
    bad: float = 0.005,
    system: bool = True,
    chance: Callable[[], float] | None = None,
) -> Iterator[tuple[float, bool, int]]:
    """Each call: when it starts, whether the peer takes it, how many are under way with it.

    `bad`: seconds of a call that is not. `system`: how the peer fails, if not as a Fault.
    """
    breaker, keys, now = Breaker(), count(), 0.0
    chance = chance or Random(7).random
    under_way: list[tuple[float, int, bool]] = []
    while True:
        while len(under_way) < PLACES and breaker.may_start(now):
            key, taken = next(keys), up(now)
            breaker.started(now, key)
            heappush(under_way, (now + (GOOD if taken else bad), key, taken))
            yield now, taken, len(under_way)
        pause = breaker.wait(now) if len(under_way) < PLACES else inf
        now = min(now + pause, under_way[0][0] if under_way else inf)
        while under_way and under_way[0][0] <= now:
            _, key, taken = heappop(under_way)
            if taken:
                breaker.answered(now, key)
            else:
                what = "refused" if system else FAULT
                breaker.failed(key, what, system=system, after=None, now=now, chance=chance())


def before(end: float, peer: Iterator[tuple[float, bool, int]]) -> list[tuple[float, bool, int]]:
    return list(takewhile(lambda call: call[0] < end, peer))


HOUR = 3_600.0


@pytest.mark.parametrize("bad", [0.0, 0.005, 30.0], ids=["at once", "refused", "timed out"])
@pytest.mark.parametrize("system", [True, False], ids=["down", "dressed up"])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_system_dead_for_an_hour_is_asked_about_twice_a_minute_at_most(
    bad: float, chance: float, *, system: bool
) -> None:
    asked = before(HOUR, calls(lambda _: False, bad=bad, system=system, chance=lambda: chance))
    probes = asked[PLACES:]
    assert len(probes) <= 6 + HOUR / 30
    assert len(probes) >= HOUR / (60 + bad)
    # each probe is alone, once the calls of the beginning have ended
    assert all(together == 1 for start, _, together in probes if start > bad + 1)


@given(st.floats(1, 2 * HOUR), st.integers(0, 100))
@settings(max_examples=60)
def test_a_system_that_returns_is_noticed_within_a_minute(back: float, seed: int) -> None:
    peer = calls(lambda now: now >= back, chance=Random(seed).random)
    first = next(start for start, taken, _ in peer if taken)
    assert back <= first <= back + 60
    # and the whole lane is at work as soon as that probe is answered
    assert before(first + 1.1 * GOOD, peer)[-1][2] == PLACES


@pytest.mark.parametrize("seed", range(3))
def test_a_system_that_flaps_is_not_hammered_and_gets_work(seed: int) -> None:
    cycles = 60  # of 5 seconds up and 5 down
    asked = before(cycles * 10.0, calls(lambda now: now % 10 < 5, chance=Random(seed).random))
    refused = Counter(int(start / 10) for start, taken, _ in asked if not taken)
    # the calls that could start before it opened, and probes after pauses of 1/2, 1 and 2 seconds
    assert max(refused.values()) <= PLACES + 3
    ideal = cycles * 5.0 / GOOD * PLACES
    assert len(asked) - refused.total() > 0.1 * ideal


def test_a_system_that_takes_one_call_in_four_is_spared_and_gets_work() -> None:
    luck = Random(3)
    seconds = 600.0
    asked = before(seconds, calls(lambda _: luck.random() < 0.25, bad=GOOD))
    assert len(asked) < 0.05 * seconds / GOOD * PLACES
    assert sum(taken for _, taken, _ in asked) > 0.1 * seconds

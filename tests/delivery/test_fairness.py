import random
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.delivery.fairness import FairShare


def fair(total: int, *names: str) -> FairShare:
    places = FairShare(total)
    for name in names:
        places.join(name)
    return places


def start(places: FairShare, name: str, most: int = 1_000) -> int:
    """Start as many calls as the lane may; how many that were."""
    for started in range(most):
        if not places.may_start(name):
            return started
        places.started(name)
    return most


@pytest.mark.parametrize(
    ("total", "lanes", "share"),
    [(12, 1, 12), (12, 2, 6), (12, 5, 2), (12, 12, 1), (12, 13, 1), (1, 3, 1)],
)
def test_shares_are_equal_and_never_nothing(total: int, lanes: int, share: int) -> None:
    names = [f"lane{number}" for number in range(lanes)]
    places = fair(total, *names)
    assert places.share == share
    for name in names:
        assert start(places, name, share) == share


def test_idle_shares_are_lent() -> None:
    places = fair(12, "slow", "idle", "light")
    assert start(places, "light", 1) == 1
    assert start(places, "slow") == 11


def test_a_lane_below_its_share_starts_though_every_place_is_lent() -> None:
    places = fair(12, "slow", "fast")
    assert start(places, "slow") == 12
    assert start(places, "fast") == 6
    assert not places.may_start("slow")


def test_what_was_borrowed_is_given_back_as_calls_end_and_lent_again() -> None:
    places = fair(12, "slow", "fast")
    start(places, "slow")
    start(places, "fast")
    for _ in range(6):
        places.ended("slow")
        assert not places.may_start("slow")
    places.ended("slow")  # 5 of its own 6
    assert places.may_start("slow")
    places.started("slow")
    for _ in range(6):
        places.ended("fast")
    assert start(places, "slow") == 6


def test_of_those_that_want_more_the_one_with_fewer_calls_is_next() -> None:
    places = fair(12, "a", "b", "c")
    assert start(places, "a") == 12
    assert start(places, "b") == 4
    places.ended("a")
    places.ended("a")
    places.ended("a")
    places.ended("a")
    places.ended("a")  # 7 and 4 of 12
    assert places.refused == ["b"]
    assert not places.may_start("a")
    assert places.refused == ["b", "a"]
    assert places.may_start("b")


def test_equals_take_turns_by_how_long_they_wait() -> None:
    places = fair(4, "a", "b", "c")  # a share of one, and a place over
    for name in ("a", "b", "c"):
        assert start(places, name, 1) == 1
    assert start(places, "c") == 1
    assert not places.may_start("b")
    assert not places.may_start("a")
    places.ended("c")
    assert places.refused == ["b", "a"]
    assert not places.may_start("a")
    assert start(places, "b") == 1


def test_a_lane_that_wants_nothing_any_more_is_in_the_way_until_its_next_call_ends() -> None:
    places = fair(4, "a", "b")
    start(places, "a", 2)
    assert start(places, "b") == 2
    assert not places.may_start("a")
    places.ended("b")
    places.ended("b")
    places.ended("a")
    assert places.refused == []
    assert start(places, "b") == 3


def test_who_has_started_is_in_nobodys_way() -> None:
    places = fair(7, "a", "b", "idle")
    assert start(places, "a", 3) == 3
    assert start(places, "b", 3) == 3
    assert places.refused == []
    assert places.may_start("b")


def test_a_stranger_has_no_place() -> None:
    with pytest.raises(KeyError):
        fair(4, "a").may_start("b")


def test_joining_twice_forgets_nothing() -> None:
    places = fair(4, "a", "b")
    start(places, "a", 3)
    places.join("a")
    assert start(places, "a") == 1


@pytest.mark.parametrize("seed", range(5))
def test_lanes_that_always_want_end_up_equal(seed: int) -> None:
    chance = random.Random(seed)
    running = dict.fromkeys(("a", "b", "c"), 0)
    places = fair(10, *running)
    for name in running:
        running[name] += start(places, name)
    assert running["a"] == 10
    for _ in range(200):
        ended = chance.choice([name for name, calls in running.items() if calls])
        places.ended(ended)
        running[ended] -= 1
        for name in (ended, *places.refused):
            running[name] += start(places, name)
    assert sorted(running.values()) == [3, 3, 4]


class FairnessMachine(RuleBasedStateMachine):
    """Against a naive model: calls by lane, and since when who has been wanting."""

    @initialize(total=st.integers(1, 9), lanes=st.integers(1, 5))
    def open(self, total: int, lanes: int) -> None:
        self.total = total
        self.running = {"ABCDE"[number]: 0 for number in range(lanes)}
        self.places = fair(total, *self.running)
        self.since: dict[str, int] = {}
        self.numbers = count()

    def expected(self, name: str) -> bool:
        mine = self.running[name]
        if mine < 1 or (mine + 1) * len(self.running) <= self.total:
            return True
        me = (mine, self.since.get(name, next(self.numbers)))
        others = [(self.running[o], n) for o, n in self.since.items() if o != name]
        return sum(self.running.values()) < self.total and all(me < other for other in others)

    @rule(data=st.data(), take=st.booleans())
    def ask(self, data: st.DataObject, take: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.running)))
        expected = self.expected(name)
        guaranteed = self.running[name] < self.places.share
        assert self.places.may_start(name) == expected
        if not guaranteed:
            self.since.setdefault(name, next(self.numbers))
        if expected and take:
            self.places.started(name)
            self.running[name] += 1
            self.since.pop(name, None)

    @precondition(lambda self: any(self.running.values()))
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        busy = sorted(name for name, calls in self.running.items() if calls)
        name = data.draw(st.sampled_from(busy))
        self.places.ended(name)
        self.running[name] -= 1
        self.since.pop(name, None)

    @invariant()
    def only_shares_come_on_top_of_the_total(self) -> None:
        most = self.total + (len(self.running) - 1) * self.places.share
        assert sum(self.running.values()) <= most

    @invariant()
    def no_place_stays_empty_while_somebody_wants_it(self) -> None:
        refused = self.places.refused
        if refused and sum(self.running.values()) < self.total:
            assert self.places.may_start(refused[0])


TestFairness = FairnessMachine.TestCase
TestFairness.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

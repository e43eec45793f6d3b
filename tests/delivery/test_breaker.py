from collections.abc import Iterator
from itertools import islice
from math import inf

import pytest

from hub.delivery.breaker import Breaker
from hub.delivery.policy import LONGEST_ASKED

FAULT = "Fault: no listener"


def fail(
    breaker: Breaker,
    now: float = 0.0,
    *,
    key: str = "a",
    what: str = "503",
    system: bool = True,
    after: float | None = None,
    chance: float = 1.0,
) -> None:
    breaker.failed(key, what, system=system, after=after, now=now, chance=chance)


def tell(breaker: Breaker, words: str, now: float = 0.0) -> None:
    """Words: `ok`, `system`, or a failure of a message and its dossier, `X:a`."""
    for word in words.split():
        what, _, key = word.partition(":")
        if word == "ok":
            breaker.answered(now)
        else:
            fail(breaker, now, key=key, what=what, system=word == "system")


def opened(words: str = "system system system") -> Breaker:
    """Open since 0, its first probe due at 1."""
    breaker = Breaker()
    tell(breaker, words)
    assert breaker.state == "open"
    return breaker


ALIKE = "X:a X:b X:c X:d X:e"


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("system system", "closed"),
        ("system system system", "open"),
        ("system system ok system system", "closed"),
        ("system system X:a system system", "closed"),
        (ALIKE, "open"),
        ("X:a X:b X:c X:d", "closed"),
        ("X:a X:b X:c X:d X:a X:b X:c X:d", "closed"),
        ("X:a X:b X:c X:d ok X:e", "closed"),
        ("X:a X:b X:c X:d Y:e", "closed"),
        ("X:a X:b X:c X:d Y:a X:e", "closed"),
        ("X:a X:b system X:c system X:d system X:e", "open"),
        ("Y:a X:a X:b X:c X:d X:e", "open"),
    ],
)
def test_only_failures_that_mean_the_system_open_it(words: str, state: str) -> None:
    breaker = Breaker()
    tell(breaker, words)
    assert breaker.state == state


@pytest.mark.parametrize(
    ("opening", "answer", "state"),
    [
        ("system system system", "ok", "closed"),
        ("system system system", "X:a", "closed"),
        ("system system system", "system", "open"),
        (ALIKE, "ok", "closed"),
        (ALIKE, "Y:a", "closed"),
        (ALIKE, "X:f", "open"),
        (ALIKE, "system", "open"),
        (f"{ALIKE} Y:a system system system", "X:b", "closed"),
    ],
)
@pytest.mark.parametrize("probe", [True, False])
def test_whatever_else_the_system_says_closes_it(
    opening: str, answer: str, state: str, *, probe: bool
) -> None:
    breaker = opened(opening)
    if probe:
        breaker.started(1.0, answer.partition(":")[2])
    tell(breaker, answer, now=2.0)
    assert breaker.state == state


def test_the_failure_that_closes_it_is_the_first_of_a_new_row() -> None:
    breaker = opened(ALIKE)
    states: list[str] = []
    for key in "abcde":
        tell(breaker, f"Y:{key}")
        states.append(breaker.state)
    assert states == ["closed"] * 4 + ["open"]


def test_the_reason_tells_what_opened_it() -> None:
    assert Breaker().reason is None
    assert opened().reason == "3 failures in a row: system"
    assert opened(ALIKE).reason == "5 dossiers in a row: X"


def pauses(breaker: Breaker, chance: float) -> Iterator[float]:
    """Those that follow on one failed probe after the other."""
    now = 0.0
    while True:
        yield (waited := breaker.wait(now))
        now += waited
        breaker.started(now, "probe")
        fail(breaker, now, key="probe", chance=chance)


def test_pauses_double_to_a_minute() -> None:
    assert list(islice(pauses(opened(), 1.0), 9)) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_jitter_takes_at_most_half_of_a_pause() -> None:
    assert list(islice(pauses(opened(), 0.0), 1, 9)) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_call_may_start_when_closed_or_when_a_probe_is_due() -> None:
    breaker = Breaker()
    assert (breaker.may_start(0.0), breaker.wait(0.0)) == (True, 0.0)
    tell(breaker, "system system system")
    assert (breaker.may_start(0.25), breaker.wait(0.25)) == (False, 0.75)
    assert (breaker.may_start(1.0), breaker.wait(1.0)) == (True, 0.0)
    assert breaker.may_start(1.0)  # to ask is not to start
    breaker.started(1.0, "a")
    assert (breaker.may_start(9.0), breaker.wait(9.0)) == (False, inf)


def test_a_burst_under_way_when_it_opens_does_not_lengthen_the_pause() -> None:
    breaker = opened()
    for call in range(50):
        fail(breaker, now=call / 100, key=str(call))
    assert breaker.wait(0.5) == 0.5


def test_a_failure_after_the_pause_lengthens_it_once() -> None:
    breaker = opened()
    for _ in range(9):
        fail(breaker, now=5.0)
    assert breaker.wait(5.0) == 2.0


def test_a_late_failure_is_not_taken_for_the_probe() -> None:
    breaker = opened()
    breaker.started(1.0, "probe")
    fail(breaker, now=2.0, key="late")
    assert breaker.wait(2.0) == inf
    fail(breaker, now=3.0, key="probe")
    assert breaker.wait(3.0) == 2.0


def test_a_late_answer_does_not_hide_that_all_dossiers_fail() -> None:
    breaker = opened(ALIKE)
    breaker.answered(0.1, "late")
    assert breaker.wait(0.1) == 0.9
    breaker.started(1.0, "probe")
    breaker.answered(1.1, "late")
    assert breaker.wait(1.1) == inf
    breaker.answered(1.2, "probe")
    assert breaker.reason is None


def test_a_late_answer_of_a_system_that_was_away_tells_that_it_is_back() -> None:
    breaker = opened()
    breaker.answered(0.1, "late")
    assert breaker.state == "closed"


def test_a_probe_of_no_name_ends_with_the_first_end_that_is_told() -> None:
    breaker = opened()
    breaker.started(1.0)
    fail(breaker, now=2.0, key="any")
    assert breaker.wait(2.0) == 2.0


def test_a_call_that_starts_before_its_time_is_no_probe() -> None:
    breaker = opened()
    breaker.started(0.5, "early")
    assert breaker.wait(0.5) == 0.5
    breaker.started(1.0, "probe")
    breaker.started(1.0, "early")
    fail(breaker, now=2.0, key="early")
    assert breaker.wait(2.0) == inf


@pytest.mark.parametrize("key", [None, "probe"])
def test_after_a_probe_that_told_nothing_another_may_go_at_once(key: str | None) -> None:
    breaker = opened()
    breaker.started(1.0, "probe")
    breaker.dropped(4.0, "another")
    assert not breaker.may_start(4.0)
    breaker.dropped(5.0, key)
    assert breaker.may_start(5.0)
    breaker.started(5.0, "probe")
    fail(breaker, now=6.0, key="probe")
    assert breaker.wait(6.0) == 2.0


def test_what_is_dropped_while_no_probe_is_out_changes_nothing() -> None:
    breaker = opened()
    breaker.dropped(0.0)
    assert breaker.wait(0.0) == 1.0


@pytest.mark.parametrize(
    ("asked", "waited"), [(None, 1), (0.0, 1), (-9.0, 1), (30.0, 30), (1e9, LONGEST_ASKED)]
)
def test_what_the_peer_asks_for_is_the_shortest_pause(asked: float | None, waited: float) -> None:
    """Whether the call that says so opens the breaker, or fails just before or after that."""
    for place in range(4):
        breaker = Breaker()
        for call in range(4):
            fail(breaker, after=asked if call == place else None)
        assert breaker.wait(0.0) == waited


def test_the_longest_that_was_asked_for_counts() -> None:
    breaker = opened()
    fail(breaker, after=30.0)
    fail(breaker, now=1.0, after=5.0)
    assert breaker.wait(1.0) == 29.0


def test_what_the_failure_of_several_dossiers_asks_for_is_believed() -> None:
    breaker = Breaker()
    for key in "abcde":
        fail(breaker, key=key, what=FAULT, system=False, after=20.0)
    assert breaker.wait(0.0) == 20.0


def test_a_probe_is_asked_to_wait() -> None:
    breaker = opened()
    breaker.started(1.0, "probe")
    fail(breaker, now=2.0, key="late", after=100.0)
    breaker.dropped(3.0, "probe")
    assert breaker.wait(3.0) == 99.0  # another may go at once, but for what the peer said
    breaker.started(102.0, "probe")
    fail(breaker, now=110.0, key="probe", after=50.0)
    assert breaker.wait(110.0) == 50.0


def test_an_answer_ends_what_the_peer_asked_for() -> None:
    breaker = Breaker()
    fail(breaker, after=100.0)
    breaker.answered(1.0)
    for _ in range(3):
        fail(breaker, now=2.0)
    assert breaker.wait(2.0) == 1.0


def test_answers_shorten_the_pause_step_by_step() -> None:
    breaker = opened()
    for now in (1.0, 3.0, 7.0):
        breaker.started(now, "probe")
        fail(breaker, now, key="probe")
    assert breaker.wait(7.0) == 8.0
    breaker.answered(15.0)
    tell(breaker, "system system system", now=15.0)
    assert breaker.wait(15.0) == 8.0
    for _ in range(4):
        breaker.answered(23.0)
    tell(breaker, "system system system", now=23.0)
    assert breaker.wait(23.0) == 1.0


def test_a_dead_system_has_to_be_thanked_for_a_few_answers_only() -> None:
    breaker = opened()
    for _ in islice(pauses(breaker, 1.0), 1_000):
        pass
    now = 1e6
    for _ in range(7):
        breaker.answered(now)
    tell(breaker, "system system system", now=now)
    assert breaker.wait(now) == 1.0

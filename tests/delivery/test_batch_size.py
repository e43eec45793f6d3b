"""How many items go in one call: up while it costs nothing, down when it is too much."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.batch_size import ROUND, BatchSize
from hub.delivery.pace import AGES


def felt_out(most: int, rounds: int, seconds: Callable[[int], float]) -> list[int]:
    """The sizes of so many rounds of full calls."""
    size = BatchSize(most)
    found = []
    for number in range(rounds):
        found.append(size.limit)
        for _ in range(ROUND):
            size.answered(size.limit, seconds(size.limit), float(number))
    return found


def grown(limit: int) -> BatchSize:
    size = BatchSize(50)
    while size.limit < limit:
        size.answered(size.limit, 0.1, 0)
    assert size.limit == limit
    return size


def a_round(size: BatchSize, seconds: float, now: float) -> int:
    """The size after a round of full calls."""
    limit = size.limit
    for _ in range(ROUND):
        size.answered(limit, seconds, now)
    return size.limit


def test_it_doubles_while_calls_take_as_long_as_ever() -> None:
    assert felt_out(50, 8, lambda _: 0.1) == [1, 2, 4, 8, 16, 32, 50, 50]


def test_it_stops_where_half_of_the_time_is_the_items_own() -> None:
    sizes = felt_out(1000, 60, lambda items: 0.1 + 0.01 * items)
    assert 10 <= sizes[-1] <= 20
    assert sizes[-1] == sizes[-10]


@pytest.mark.parametrize("seed", range(20))
def test_one_lucky_call_does_not_keep_it_small(seed: int) -> None:
    """A connection may be idle or not, which makes a difference of 40 ms (delayed ACK)."""
    chance = Random(seed)
    sizes = felt_out(50, 60, lambda _: 0.002 if chance.random() < 0.2 else 0.042)
    assert sizes[-1] == 50


def test_calls_that_are_not_full_prove_nothing() -> None:
    size = grown(2)
    for _ in range(3 * ROUND):
        size.answered(1, 0.1, 0)
    assert size.limit == 2


def test_too_much_halves_once_for_all_calls_under_way_and_goes_on_by_one() -> None:
    size = grown(32)
    for _ in range(4):
        size.too_much(32)
    assert size.limit == 16
    assert a_round(size, 0.1, 1) == 17


def test_what_was_the_best_long_ago_does_not_count_for_ever() -> None:
    size = BatchSize(50)
    assert a_round(size, 0.01, 0) == 2
    assert a_round(size, 1.0, 1) == 2
    assert a_round(size, 1.0, AGES) == 3


@pytest.mark.parametrize("items", [1, 2, 3])
def test_one_item_always_goes(items: int) -> None:
    size = BatchSize(2)
    size.too_much(items)
    assert size.limit == 1


@given(
    st.integers(2, 40),
    st.lists(st.tuples(st.booleans(), st.integers(1, 40), st.floats(0, 9)), max_size=60),
)
def test_it_stays_within_its_bounds(most: int, calls: list[tuple[bool, int, float]]) -> None:
    size = BatchSize(most)
    for number, (good, items, seconds) in enumerate(calls):
        before = size.limit
        if good:
            size.answered(items, seconds, float(number))
            assert before <= size.limit <= max(2 * before, before + 1)
        else:
            size.too_much(items)
            assert size.limit <= before
        assert 1 <= size.limit <= most

"""How many items go in one call: up while it costs nothing, down when it is too much."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.batch_size import BatchSize
from hub.delivery.pace import AGES


def felt_out(most: int, calls: int, seconds: Callable[[int], float]) -> list[int]:
    """The sizes of full calls, one after the other."""
    size = BatchSize(most)
    found = []
    for call in range(calls):
        found.append(size.limit)
        size.answered(size.limit, seconds(size.limit), float(call))
    return found


def test_it_doubles_while_a_call_takes_as_long_as_ever() -> None:
    assert felt_out(50, 8, lambda _: 0.1) == [1, 2, 4, 8, 16, 32, 50, 50]


def test_it_stops_where_half_of_the_time_is_the_items_own() -> None:
    sizes = felt_out(1000, 60, lambda items: 0.1 + 0.01 * items)
    assert 10 <= sizes[-1] <= 20
    assert sizes[-1] == sizes[-10]


def test_calls_that_are_not_full_prove_nothing() -> None:
    size = BatchSize(50)
    size.answered(1, 0.1, 0)
    for _ in range(9):
        size.answered(1, 0.1, 0)
    assert size.limit == 2


def test_too_much_halves_once_for_all_calls_under_way_and_goes_on_by_one() -> None:
    size = BatchSize(50)
    for _ in range(5):
        size.answered(size.limit, 0.1, 0)
    assert size.limit == 32
    for _ in range(4):
        size.too_much(32)
    assert size.limit == 16
    size.answered(16, 0.1, 1)
    assert size.limit == 17


def test_what_was_the_best_long_ago_does_not_count_for_ever() -> None:
    size = BatchSize(50)
    size.answered(1, 0.01, 0)
    size.answered(2, 1.0, 1)
    assert size.limit == 2
    size.answered(2, 1.0, AGES)
    assert size.limit == 3


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

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.policy import LONGEST_ASKED, pause
from hub.registry.manifest_delivery import RetryPolicy

ONESTOP = RetryPolicy(first=1, factor=2, longest=300, give_up=7200)


def test_the_step_doubles_up_to_the_longest() -> None:
    assert [pause(ONESTOP, n, None, 1.0) for n in (1, 2, 3, 9, 10, 10_000)] == [
        1, 2, 4, 256, 300, 300,
    ]  # fmt: skip


def test_jitter_takes_at_most_half() -> None:
    assert [pause(ONESTOP, 3, None, chance) for chance in (0.0, 0.5)] == [2, 3]


def test_what_the_peer_asks_for_is_believed_within_reason() -> None:
    assert pause(ONESTOP, 1, 17, 0.3) == 17
    assert pause(ONESTOP, 1, 1e9, 0.3) == LONGEST_ASKED


@pytest.mark.parametrize("asked", [0.0, -5.0, 0.01])
def test_a_peer_cannot_ask_for_a_loop(asked: float) -> None:
    assert pause(ONESTOP, 4, asked, 0.0) == pause(ONESTOP, 4, None, 0.0) == 4


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_longer_than_the_longest(failures: int, chance: float) -> None:
    assert 0 < pause(ONESTOP, failures, None, chance) <= ONESTOP.longest

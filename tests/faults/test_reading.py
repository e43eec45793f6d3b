"""Looks at what comes in: each ends, however much comes."""

from typing import cast

import pytest

from tests.faults.reading import PeerLog, Topics
from tests.faults.second import Second

ENOUGH = 100  # polls of one look


class Endless:
    """Topics on which something new stands at every poll, as they are under load."""

    def __init__(self) -> None:
        self.ended: set[int] = set()

    def follow(self) -> bool:
        self.ended.add(len(self.ended))
        assert len(self.ended) < ENOUGH, "one look follows for ever"
        return True


@pytest.fixture
def second() -> Second:
    return Second(cast("Topics", Endless()), cast("PeerLog", None))


def test_a_look_ends_although_there_is_always_more(second: Second) -> None:
    assert not second.done(sent=3)


def test_what_is_there_is_found_by_and_by(second: Second) -> None:
    assert [second.done(sent=3) for _ in range(4)] == [False, False, True, True]

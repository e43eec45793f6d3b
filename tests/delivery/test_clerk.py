"""How a lane reads what people decided."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from hub.delivery.acts import Acts
from hub.delivery.archive import Archive
from hub.delivery.aside import Aside
from hub.delivery.clerk import Clerk
from hub.delivery.held import Part
from hub.delivery.host import Host
from hub.delivery.tracker import OffsetTracker
from hub.errors import Retry
from hub.records import Record
from tests.delivery.test_acts import CODEC, RESUMED, SPOT, on_topic, written

ACTS = on_topic([written(RESUMED)] * 3)


class Topic:
    """`hub.act` as `Archive` reads it; it grows, and fails at first."""

    def __init__(self, failures: int = 0) -> None:
        self.there = 0
        self.asked: list[int] = []
        self._failures = failures

    def acts(self, starts: Mapping[int, int]) -> Mapping[int, Sequence[Record]]:
        ((partition, start),) = starts.items()
        self.asked.append(start)
        if len(self.asked) <= self._failures:
            raise Retry("the records could not be read in time")
        return {partition: ACTS[start : self.there]}


class Never:
    """Nobody is parked."""

    def resume(self, key: object, act: int, done: object) -> bool:
        return False


def clerk(topic: Topic) -> Clerk:
    return Clerk(cast(Host, None), cast(Aside, Never()), cast(Archive, topic), CODEC)


def part() -> Part:
    return Part(OffsetTracker(0), acts=Acts("portal", SPOT))


def test_many_acts_that_are_heard_of_together_are_read_together() -> None:
    topic, mine = Topic(), part()
    topic.there = 3

    async def hear() -> None:
        one = clerk(topic)
        await asyncio.gather(*(one.catch_up({SPOT: mine}) for _ in range(100)))

    asyncio.run(hear())
    assert len(topic.asked) <= 2
    assert mine.acts is not None
    assert mine.acts.position == 3


def test_what_waits_to_be_carried_out_is_not_read_again() -> None:
    topic, mine = Topic(), part()
    assert mine.acts is not None
    topic.there = 1
    mine.acts.read(ACTS[0], CODEC)
    topic.there = 3
    asyncio.run(clerk(topic).catch_up({SPOT: mine}))
    assert topic.asked == [1]


def test_acts_that_cannot_be_read_now_are_read_as_soon_as_they_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.delivery.clerk.AGAIN", 0.01)
    topic, mine = Topic(failures=2), part()
    topic.there = 3
    asyncio.run(clerk(topic).catch_up({SPOT: mine}))
    assert topic.asked == [0, 0, 0]
    assert mine.acts is not None
    assert mine.acts.position == 3

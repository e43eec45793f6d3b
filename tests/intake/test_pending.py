"""Acknowledgements that come late, to an intake whose senders go away, repeat or contradict."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hub.broker_memory import MemoryBroker
from hub.errors import HubError, Retry
from hub.intake.intake import Taken
from hub.intake.opening import _deliver
from hub.records import Done, Ours, Outgoing, Position
from tests.intake.intake_kit import World, row


class Slow:
    """A writer that appends at once and acknowledges when the test says so."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.full = 0  # so many appends are refused
        self.results: list[tuple[Done, Position | HubError]] = []

    def append(self, outgoing: Outgoing, done: Done, ours: Ours | None = None) -> None:
        assert ours is None
        if self.full:
            self.full -= 1
            raise Retry("the writer's queue is full or closed", system=True)
        self.results.append((done, self._broker.keep(outgoing)))

    def answer(self, error: HubError | None = None) -> None:
        """Acknowledge all, or let all fail."""
        results, self.results = self.results, []
        _deliver([(done, error or result) for done, result in results])


@pytest.fixture
def slow(world: World) -> Slow:
    found = Slow(world.broker)
    world.intake._writer = found  # type: ignore[assignment]  # only what the intake calls
    return found


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0)


def sent(world: World, status: int, **more: str) -> "asyncio.Task[Taken]":
    take: Awaitable[Taken] = world.intake.take(world.inflow, {"data": [row(status, **more)]}, {})
    return asyncio.ensure_future(take)


def test_one_who_goes_away_costs_the_others_nothing(world: World, slow: Slow) -> None:
    async def go() -> None:
        first, repeat, third = (sent(world, 6) for _ in range(3))
        await until(lambda: len(slow.results) == 1)
        await asyncio.sleep(0)  # the repeats wait as well
        for gone in (repeat, first):
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
        slow.answer()
        assert await third == Taken("duplicate", 0, 0)
        assert await sent(world, 6) == Taken("duplicate", 0, 0)

    asyncio.run(go())
    assert len(world.kept) == 1


def test_all_who_wait_hear_of_a_failure(world: World, slow: Slow) -> None:
    async def go() -> list[object]:
        tasks = [sent(world, 6), sent(world, 6)]
        await until(lambda: len(slow.results) == 1)
        await asyncio.sleep(0)
        slow.answer(Retry("away"))
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    assert [type(result) for result in asyncio.run(go())] == [Retry, Retry]


def test_what_is_contradicted_must_have_been_kept(world: World, slow: Slow) -> None:
    async def go() -> None:
        first = sent(world, 6)
        await until(lambda: len(slow.results) == 1)
        other = sent(world, 6, note="other")
        await asyncio.sleep(0)
        slow.answer(Retry("away"))
        with pytest.raises(Retry):
            await first
        with pytest.raises(Retry, match="contradicts"):
            await other
        assert world.acts == []

        again = sent(world, 12)
        await until(lambda: len(slow.results) == 1)
        other = sent(world, 12, note="other")
        await asyncio.sleep(0)
        assert len(slow.results) == 1  # nothing is on record before it is known
        slow.answer()
        assert await again == Taken("accepted", 1, 0)
        await until(lambda: len(slow.results) == 1)
        slow.answer()
        assert await other == Taken("conflict", 0, 1)

    asyncio.run(go())
    assert [act["kind"] for act in world.acts] == ["CONFLICT"]


def test_behind_a_fact_that_was_not_taken_none_of_its_dossier_is(world: World, slow: Slow) -> None:
    """Else the repeat would keep the first fact behind the second."""

    async def go() -> None:
        slow.full = 1
        with pytest.raises(Retry):
            await world.intake.take(world.inflow, {"data": [row(6), row(12)]}, {})
        assert world.kept == []
        repeat = asyncio.ensure_future(
            world.intake.take(world.inflow, {"data": [row(6), row(12)]}, {})
        )
        await until(lambda: len(slow.results) == 2)
        slow.answer()
        assert await repeat == Taken("accepted", 2, 0)

    asyncio.run(go())
    states = [world.codec.decode(record.value or b"")[1]["state_raw"] for record in world.kept]
    assert states == ["6", "12"]


def test_a_bug_in_one_result_costs_no_other() -> None:
    heard: list[object] = []

    def bug(result: object) -> None:
        raise KeyError("bug")

    _deliver([(bug, Position("t", 0, 0)), (heard.append, Position("t", 0, 1))])
    assert heard == [Position("t", 0, 1)]

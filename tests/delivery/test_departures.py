"""Who is sent next, with the acknowledgements of the marks in the test's hand."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.delivery.companies import Companies, Item
from hub.delivery.departures import AHEAD, Departures
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.gate import Gate
from hub.delivery.held import Held, Key, Part
from hub.delivery.limits import Limits
from hub.delivery.pace import Pace
from hub.delivery.places import Places
from hub.delivery.receipts import Outcome
from hub.delivery.settling import Receipts
from hub.delivery.tracker import OffsetTracker
from hub.errors import Retry
from hub.records import Record, Spot
from hub.registry.call_limits import CallLimits

AWAY = Retry("answered 503", system=True)
FREE = CallLimits()


class Yard:
    """A lane, its journal and the broker: all that departures ask of others."""

    def __init__(self, limits: CallLimits, in_flight: int = 4) -> None:
        self.sent: list[str] = []  # dossiers, in the order in which their calls started
        self.calls: dict[str, tuple[Key, Held]] = {}  # under way
        self.marks: list[Callable[[], None]] = []  # acknowledgements that the broker owes
        self.at_once = True  # it owes none
        self.parts = {number: Part(OffsetTracker(0)) for number in range(3)}
        self.halted: str | None = None
        self.number = 0
        self.queue: KeyedQueue[Key, Held] = KeyedQueue(AHEAD * in_flight)
        places = Places(in_flight)
        places.join("peer", lambda: None)
        clock = lambda: 1_760_000_000_000  # noqa: E731 - 2025-10-09, a Thursday
        pace = Pace(in_flight, first=in_flight)
        self.gate = Gate("peer", pace, Limits(limits), places, clock)
        self.departures = Departures(
            self,
            self.queue,
            self.gate,
            cast("Receipts", self),
            Companies(()),
            open=lambda *_: True,
            start=self.start,
        )

    def mark(self, spot: Spot, events: Sequence[Held], noted: Callable[[], None]) -> None:
        self.marks.append(noted)
        if self.at_once:
            self.marks.pop()()

    def not_sent(self, events: Sequence[Held]) -> None:
        raise AssertionError

    def put(self, held: Held) -> None:
        self.queue.put(held.key, held)

    def pump(self) -> None:
        self.departures.go()

    def task(self, work: Coroutine[object, object, None]) -> None:
        raise AssertionError

    def may_go_on(self, held: Held) -> bool:
        return not held.part.going

    def part_of(self, key: Key) -> Part | None:
        return self.parts[key[1]]

    def let_go(self, key: Key, held: Held) -> None:
        raise AssertionError

    def ended(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        raise AssertionError

    def settle(self, held: Held, outcome: Outcome, reason: str | None) -> None:
        raise AssertionError

    def come(self, code: str, partition: int = 0) -> None:
        self.number += 1
        record = Record("hub.dossier", partition, self.number, 0, code.encode(), b"", ())
        self.put(Held(record, self.parts[partition], code, ""))

    def start(self, items: Sequence[Item]) -> None:
        ((key, held),) = items
        self.sent.append(held.event_id)
        self.calls[held.event_id] = (key, held)

    def fails(self, code: str) -> None:
        """Its call ends so, and is to be repeated."""
        key, held = self.calls.pop(code)
        now = asyncio.get_running_loop().time()
        before = held.last_seen(self.gate.taken, system=True)
        self.gate.failed(key, AWAY, now, before=before)
        held.failures += 1
        self.gate.end()
        self.departures.wait(key, 0.0)

    def succeeds(self, code: str) -> None:
        key, _ = self.calls.pop(code)
        self.gate.answered(key, asyncio.get_running_loop().time(), 0.01)
        self.gate.end()
        self.queue.done(key)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await scene()

    asyncio.run(bounded())


@given(st.permutations(range(3)))
@settings(max_examples=20, deadline=None)
def test_marks_that_overtake_each_other_change_no_order(order: list[int]) -> None:
    async def scene() -> None:
        yard = Yard(FREE, in_flight=9)
        yard.at_once = False
        codes = [f"{number}" for number in range(9)]
        for number, code in enumerate(codes):
            yard.come(code, partition=number % 3)
        yard.departures.go()
        assert (yard.sent, len(yard.marks)) == ([], 3)
        for partition in order:
            yard.marks[partition]()
        assert yard.sent == codes

    run(scene)


def test_while_the_system_is_away_the_one_that_has_not_failed_finds_out() -> None:
    """The others may be at fault themselves, and each of them would double the pause."""

    async def scene() -> None:
        yard = Yard(FREE)
        ill = [f"ill{number}" for number in range(4)]
        for code in ill:
            yard.come(code)
        yard.departures.go()
        for code in ill:
            yard.fails(code)
        assert yard.gate.broken is not None
        yard.departures.go()  # one of them is marked again: there is no better one
        yard.come("well")
        yard.departures.go()
        await until(lambda: len(yard.sent) > 4)
        assert yard.sent[4:] == ["well"]
        yard.succeeds("well")
        while len(yard.sent) < 9:
            yard.departures.go()
            yard.succeeds(yard.sent[-1])
        assert sorted(yard.sent[5:]) == ill

    run(scene)


def test_what_was_put_behind_all_others_is_not_forgotten_there() -> None:
    """Once the system is well, new dossiers that never end do not keep it back."""

    async def scene() -> None:
        yard = Yard(FREE, in_flight=1)
        for code in ("a", "b", "c"):
            yard.come(code)
        for _ in range(3):
            yard.departures.go()
            await until(lambda: bool(yard.calls))
            yard.fails(yard.sent[-1])
        assert yard.gate.broken is not None
        for number in range(40):
            yard.come(f"new{number}")
        while len(yard.sent) < 30:
            yard.departures.go()
            await until(lambda: bool(yard.calls))
            yard.come(f"more{len(yard.sent)}")
            yard.succeeds(yard.sent[-1])
        yard.departures.go()
        await until(lambda: bool(yard.calls))
        for number in range(60):
            yard.succeeds(yard.sent[-1])
            yard.departures.go()
            await until(lambda: bool(yard.calls))
            yard.come(f"later{number}")
        assert {"a", "b", "c"} <= set(yard.sent[3:])

    run(scene)


def test_an_earlier_look_does_not_wait_for_a_later_one() -> None:
    """A quota is looked at when it opens, a lease that comes back within a fifth of a second."""

    async def scene() -> None:
        yard = Yard(CallLimits(per_second=0.05))
        yard.come("a")
        yard.come("b")
        yard.departures.go()
        assert yard.sent == ["a"]
        yard.departures.go()  # the next may go in 20 s: the alarm is set
        lease = [True, False]
        yard.gate.lease = lambda: lease.pop() if lease else True
        yard.departures.go()
        await until(lambda: not lease)

    run(scene)

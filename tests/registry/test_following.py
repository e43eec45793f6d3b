"""Following `hub.registry` on the twin: whole views, in order, through outages of the broker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Queue

import pytest
from msgspec.structs import replace

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.dev.waiting import until
from hub.errors import Retry
from hub.records import Outgoing, Spot
from hub.registry import following
from hub.registry.following import Following
from hub.registry.ledger import Ledger, Registered, registration_record
from hub.topics import REGISTRY

pytestmark = pytest.mark.process

FIRST = Registered("water", "waterco", "b" * 64, {}, "live", 1, "An", 5)
SECOND = replace(FIRST, version=2, state="paused")
SOON = 10.0  # seconds


class Broker(MemoryBroker):
    """A twin whose readers fail as often as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.ensure_topic(REGISTRY, 1, {})
        self.failures: list[Exception] = []
        self.lost = False  # whether the topic ends at its beginning
        self.opened = 0  # readers

    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        self.opened += 1
        if self.failures:
            raise self.failures.pop(0)
        return Failing(self, spots)

    def say(self, *registrations: Registered) -> None:
        for registered in registrations:
            self.keep(Outgoing(REGISTRY, *registration_record(registered), partition=0))


class Failing(MemoryReader):
    """Breaks off when its broker is down."""

    def __init__(self, broker: Broker, spots: Sequence[Spot]) -> None:
        super().__init__(broker, spots)
        self._of = broker

    def end(self) -> dict[Spot, int]:
        return {Spot(REGISTRY, 0): 0} if self._of.lost else super().end()

    def poll(self, seconds: float) -> list[object]:  # type: ignore[override]  # as the base gives
        if self._of.down:
            raise Retry("the broker went away", system=True)
        return list(super().poll(seconds))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AGAIN", 0.01)
    monkeypatch.setattr(following, "POLL", 0.05)


@contextmanager
def followed(broker: MemoryBroker) -> "Iterator[tuple[Following, Queue[Ledger]]]":
    seen: Queue[Ledger] = Queue()
    found = Following(broker, seen.put)
    found.start()
    try:
        yield found, seen
    finally:
        found.stop()


def test_what_stood_there_comes_at_once_and_then_each_change() -> None:
    broker = Broker()
    broker.say(FIRST, SECOND)
    with followed(broker) as (found, seen):
        assert found.first(SOON).registrations == {"water": SECOND}
        assert seen.get(timeout=SOON).registrations == {"water": SECOND}
        broker.say(replace(SECOND, version=3))
        assert seen.get(timeout=SOON).registrations["water"].version == 3
    assert seen.empty()


def test_nothing_registered_is_known_as_well() -> None:
    with followed(Broker()) as (found, seen):
        assert found.first(SOON) == Ledger()
        assert seen.get(timeout=SOON) == Ledger()


def test_a_hub_without_the_topic_begins_with_nothing_and_sees_it_come() -> None:
    broker = MemoryBroker()
    with followed(broker) as (found, seen):
        assert found.first(SOON) == Ledger()
        assert seen.get(timeout=SOON) == Ledger()
        broker.ensure_topic(REGISTRY, 1, {})
        broker.keep(Outgoing(REGISTRY, *registration_record(FIRST), partition=0))
        assert seen.get(timeout=SOON).registrations == {"water": FIRST}


def test_while_the_broker_is_away_the_last_ledger_stands() -> None:
    broker = Broker()
    broker.say(FIRST)
    with followed(broker) as (found, seen):
        seen.get(timeout=SOON)
        broker.failures = [Retry("no broker", system=True), OSError("no broker")]
        broker.down = True
        assert until(lambda: not broker.failures, SOON)
        assert found.ledger.registrations == {"water": FIRST}
        broker.down = False
        broker.say(SECOND)
        assert seen.get(timeout=SOON).registrations == {"water": SECOND}


def test_a_topic_that_lost_records_takes_nobody_off_the_air() -> None:
    broker = Broker()
    broker.say(FIRST)
    with followed(broker) as (found, seen):
        seen.get(timeout=SOON)
        opened = broker.opened
        broker.lost = True
        broker.down = True
        assert until(lambda: broker.opened > opened, SOON)
        broker.down = False
        opened = broker.opened
        assert until(lambda: broker.opened > opened + 1, SOON)
        assert found.ledger.registrations == {"water": FIRST}
        broker.lost = False
        broker.say(SECOND)
        assert seen.get(timeout=SOON).registrations == {"water": SECOND}


def test_whom_it_tells_may_fail_without_ending_it() -> None:
    broker = Broker()
    broker.say(FIRST)
    heard: Queue[int] = Queue()

    def fails(ledger: Ledger) -> None:
        heard.put(ledger.registrations["water"].version)
        raise RuntimeError

    found = Following(broker, fails)
    found.start()
    try:
        assert heard.get(timeout=SOON) == 1
        broker.say(SECOND)
        assert heard.get(timeout=SOON) == 2
    finally:
        found.stop()


def test_who_asks_too_early_is_told_to_come_again() -> None:
    found = Following(Broker())
    with pytest.raises(Retry, match=r"hub\.registry"):
        found.first(0.01)

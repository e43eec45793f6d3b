"""When an index may be believed: not before it has caught up, never ahead of its topics."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.intake import tail as tail_module
from hub.intake.index import FactIndex
from hub.intake.tail import CATCHING_UP, Tail
from hub.records import Outgoing, Record, Spot

SPOT = Spot("hub.dossier", 0)


class Gated(MemoryReader):
    """Gives records only as the test lets it."""

    def __init__(self, broker: "Broker", spots: list[Spot]) -> None:
        super().__init__(broker, spots)
        self._gate = broker

    def poll(self, seconds: float) -> list[Record]:
        position = self.position(SPOT)
        if position >= self._gate.readable:
            self._gate.looked.wait(0.01)
            return []
        found = self._gate.since(SPOT, position)[: self._gate.readable - position]
        self.seek(SPOT, position + len(found))
        return found


class Broker(MemoryBroker):
    def __init__(self) -> None:
        super().__init__()
        self.ensure_topic(SPOT.topic, 1, {})
        self.readable = 1_000_000
        self.looked = threading.Event()

    def reader(self, spots: object) -> Gated:
        return Gated(self, list(spots))  # type: ignore[call-overload]  # as the twin

    def say(self, number: int) -> None:
        headers = (("ce_id", _id(number).encode()), ("hub_digest", b"ab"))
        self.keep(Outgoing(SPOT.topic, b"k", b"v", headers))

    def lose(self, left: int) -> None:
        """As after a power cut: only the first records are still there."""
        del self._logs[SPOT][left:]


def _id(number: int) -> str:
    return str(UUID(int=number))


def until(holds: Callable[[], bool]) -> None:
    wait, deadline = threading.Event(), monotonic() + 15
    while not holds():
        assert monotonic() < deadline, "did not come about"
        wait.wait(0.005)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[FactIndex]:
    found = FactIndex(tmp_path / "index.db", "twin")
    yield found
    found.close()


@contextmanager
def following(broker: Broker, index: FactIndex) -> Iterator[Tail]:
    tail = Tail(broker, (SPOT.topic,), index)
    tail.start()
    try:
        yield tail
    finally:
        tail.stop()


def test_it_is_not_ready_one_record_before_the_end_as_it_was_at_the_start(
    broker: Broker, index: FactIndex
) -> None:
    for number in range(3):
        broker.say(number)
    broker.readable = 2
    with following(broker, index) as tail:
        until(lambda: index.digest(_id(1)) is not None)
        assert tail.problem() == f"{CATCHING_UP}: 3 records to go"
        broker.readable = 3
        until(lambda: tail.problem() is None)
        assert index.digest(_id(2)) == b"\xab"


def test_an_index_that_falls_seconds_behind_is_not_believed(
    broker: Broker, index: FactIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "LOOK_AT_END", 0.02)
    monkeypatch.setattr(tail_module, "MOST_BEHIND", 0.3)
    with following(broker, index) as tail:
        until(lambda: tail.problem() is None)
        broker.readable = 0
        broker.say(0)
        until(lambda: (tail.problem() or "").startswith(CATCHING_UP))
        broker.readable = 1
        until(lambda: tail.problem() is None)


@pytest.mark.parametrize("running", [True, False])
def test_an_index_ahead_of_its_topics_is_begun_anew(
    broker: Broker, index: FactIndex, running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker lost records, under a tail that runs or before one starts."""
    monkeypatch.setattr(tail_module, "LOOK_AT_END", 0.02)
    monkeypatch.setattr(tail_module, "AGAIN", 0.02)
    for number in range(5):
        broker.say(number)
    with following(broker, index) as tail:
        until(lambda: tail.problem() is None)
        index.kept(_id(9), b"acknowledged, and lost before the tail met it")
        if running:
            broker.lose(2)
            until(lambda: index.digest(_id(4)) is None)
    if not running:
        broker.lose(2)
    with following(broker, index) as tail:
        until(lambda: tail.problem() is None)
        known = [index.digest(_id(number)) for number in (0, 1, 2, 4, 9)]
        assert known == [b"\xab", b"\xab", None, None, None]


def test_a_table_found_damaged_while_it_is_followed_is_begun_anew(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "AGAIN", 0.02)

    class Damaged(FactIndex):
        broken = True

        def positions(self) -> dict[Spot, int]:
            if self.broken:
                raise sqlite3.DatabaseError("database disk image is malformed")
            return super().positions()

        def renew(self) -> None:
            super().renew()
            self.broken = False

    index = Damaged(tmp_path / "index.db", "twin")
    broker.say(0)
    with following(broker, index) as tail:
        until(lambda: tail.problem() is None)
        assert index.digest(_id(0)) == b"\xab"
    index.close()


def test_a_table_that_could_not_be_begun_anew_is_when_the_disk_has_room_again(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "AGAIN", 0.02)
    refusals = iter([True, True, True])

    class OnFullDisk(FactIndex):
        damaged = True

        def positions(self) -> dict[Spot, int]:
            if self.damaged:
                raise sqlite3.DatabaseError("database disk image is malformed")
            return super().positions()

        def renew(self) -> None:
            self.damaged = False
            if next(refusals, False):
                self.close()
                raise sqlite3.OperationalError("database or disk is full")
            super().renew()

    index = OnFullDisk(tmp_path / "index.db", "twin")
    broker.say(0)
    with following(broker, index) as tail:
        until(lambda: tail.problem() is None)
        assert index.digest(_id(0)) == b"\xab"
    index.close()


def test_a_topic_that_grows_is_followed_whole(
    index: FactIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "COUNT_EVERY", 0.05)
    monkeypatch.setattr(tail_module, "AGAIN", 0.05)
    broker = MemoryBroker()
    broker.ensure_topic(SPOT.topic, 1, {})
    headers = (("ce_id", _id(7).encode()), ("hub_digest", b"ab"))
    tail = Tail(broker, (SPOT.topic,), index)
    tail.start()
    try:
        until(lambda: tail.problem() is None)
        broker.ensure_topic(SPOT.topic, 2, {}, grows=True)
        broker.keep(Outgoing(SPOT.topic, b"k", b"v", headers, 1))
        until(lambda: index.digest(_id(7)) is not None)
        until(lambda: tail.problem() is None)
    finally:
        tail.stop()

"""The follower gives every record once, begins anew after trouble, and stops when told."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pytest

from hub.audit import follower as module
from hub.audit.follower import Follower
from hub.broker_memory import MemoryBroker
from hub.errors import Halt, HubError, Retry
from hub.records import Outgoing, Record, Spot
from hub.topics import DOSSIER, RECEIPT

pytestmark = pytest.mark.process
TOPICS = (DOSSIER, RECEIPT)


class Collecting:
    """A sink that keeps what it is given; `fail` may stand in the way."""

    def __init__(self) -> None:
        self.taken: dict[Spot, list[Record]] = {}
        self.fail: Callable[[], None] = lambda: None
        self.troubles: list[HubError] = []
        self.ended = threading.Event()

    def begin(self, begins: Mapping[Spot, int], ends: Mapping[Spot, int]) -> Mapping[Spot, int]:
        return {spot: len(self.taken.setdefault(spot, [])) for spot in ends}

    def take(self, records: Sequence[Record]) -> None:
        self.fail()
        for record in records:
            self.taken[Spot(record.topic, record.partition)].append(record)

    def tend(self) -> None:
        pass

    def trouble(self, error: HubError) -> None:
        self.troubles.append(error)

    def end(self) -> None:
        self.ended.set()

    def count(self) -> int:
        return sum(map(len, self.taken.values()))


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    for topic in TOPICS:
        made.ensure_topic(topic, 2, {})
    return made


def fill(broker: MemoryBroker, count: int) -> None:
    for number in range(count):
        broker.keep(Outgoing(TOPICS[number % 2], b"k", b"%d" % number, partition=number % 4 // 2))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.02)
    monkeypatch.setattr(module, "COUNT_EVERY", 0.05)


@pytest.mark.usefixtures("quick")
def test_everything_comes_once_also_after_trouble_and_growth(broker: MemoryBroker) -> None:
    sink, halts = Collecting(), list[HubError]()
    errors: list[Exception] = [Retry("not now"), OSError(28, "No space left on device"), KeyError()]

    def fail() -> None:
        if errors:
            raise errors.pop(0)

    sink.fail = fail
    follower = Follower(broker, TOPICS, sink, halts.append)
    assert follower.problem() == "the topics are not read yet"
    follower.start()
    fill(broker, 40)
    until(lambda: sink.count() == 40)
    broker.ensure_topic(DOSSIER, 3, {}, grows=True)
    broker.keep(Outgoing(DOSSIER, b"k", b"new", partition=2))
    until(lambda: sink.count() == 41)
    until(lambda: follower.problem() is None)
    follower.stop(5)
    assert sink.ended.is_set()
    assert [str(error) for error in sink.troubles] == [
        "not now",
        "disk: cannot be written (No space left on device)",
        "an error of the hub itself",
    ]
    for spot, records in sink.taken.items():
        assert records == broker.since(spot, 0)
    assert halts == []


@pytest.mark.usefixtures("quick")
def test_it_waits_while_it_yields(broker: MemoryBroker) -> None:
    sink, halts = Collecting(), list[HubError]()
    asked, busy = threading.Event(), [True]

    def yields() -> bool:
        asked.set()
        return busy[0]

    follower = Follower(broker, TOPICS, sink, halts.append, yields)
    fill(broker, 5)
    follower.start()
    assert asked.wait(10)
    assert sink.count() == 0
    busy[0] = False
    until(lambda: sink.count() == 5)
    follower.stop(5)


@pytest.mark.usefixtures("quick")
def test_what_needs_a_person_ends_it(broker: MemoryBroker) -> None:
    sink, halts = Collecting(), list[HubError]()

    def fail() -> None:
        raise Halt("the log was changed", where="hub.dossier/0")

    sink.fail = fail
    follower = Follower(broker, TOPICS, sink, halts.append)
    follower.start()
    fill(broker, 1)
    assert sink.ended.wait(10)
    assert [str(error) for error in halts] == ["hub.dossier/0: the log was changed"]
    assert follower.problem() == "hub.dossier/0: the log was changed"
    follower.stop(5)

"""Members of a group whose broker's answers are lost on the way, each with its connection."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import pytest

from hub.broker import KafkaBroker
from hub.delivery.starting import ensure_offsets
from hub.dev.waiting import until
from hub.errors import HubError
from hub.records import Spot
from tests.faults.cluster import cluster
from tests.faults.frames import FIND_COORDINATOR, JOIN_GROUP, OFFSET_FETCH, SYNC_GROUP
from tests.faults.proxy import HOST, Proxy

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(120),
    # kafka-python 3.0.12 leaves a socket to the collector when it is closed during a refresh
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PARTITIONS = 4
IN_TIME = 15.0  # seconds; ten of them are the session of one that is taken for dead
READY = 30.0  # seconds: a crowded machine is slow
Doors = tuple[KafkaBroker, KafkaBroker, Proxy]


class Joined:
    """A member on a thread of its own, which begins anew after an error as a worker does."""

    def __init__(self, broker: KafkaBroker, name: str) -> None:
        self._broker = broker
        self._name = name
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.spots: set[Spot] = set()
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join(READY)

    def holds(self, count: int) -> bool:
        return until(lambda: len(self.spots) == count, IN_TIME)

    def assigned(self, spots: Sequence[Spot]) -> None:
        self.spots |= set(spots)

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        self.spots -= set(spots)
        return {}

    def lost(self, spots: Sequence[Spot]) -> None:
        self.spots -= set(spots)

    def _run(self) -> None:
        while not self._over.wait(0.2):
            try:
                self._follow()
            except HubError:
                self.spots.clear()

    def _follow(self) -> None:
        ensure_offsets(self._broker, self._name, [self._name], "beginning")
        member = self._broker.member(self._name, [self._name], self)
        try:
            while not self._over.is_set():
                member.poll(0.1)
        finally:
            member.close()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """The broker through its quiet door, through the other one, and the proxy before that."""
    with cluster(tmp_path_factory.mktemp("cluster")) as (broker, proxy):
        yield KafkaBroker(broker.bootstrap), KafkaBroker(f"{HOST}:{proxy.port}"), proxy


@contextmanager
def _losing(proxy: Proxy, api: int) -> Iterator[None]:
    """The next answer to this is lost, and nobody says so."""
    before = proxy.lost
    proxy.lose_answers(api, 1, silently=True)
    yield
    assert proxy.lost == before + 1


@pytest.mark.parametrize("api", [FIND_COORDINATOR, OFFSET_FETCH, JOIN_GROUP, SYNC_GROUP])
def test_who_is_alone_has_all_in_time(doors: Doors, topic_prefix: str, api: int) -> None:
    quiet, through, proxy = doors
    quiet.ensure_topic(topic_prefix, PARTITIONS, {})
    with _losing(proxy, api), closing(Joined(through, topic_prefix)) as alone:
        assert alone.holds(PARTITIONS)


@pytest.mark.parametrize("of_the_second", [True, False])
def test_who_joins_has_its_part_in_time(
    doors: Doors, topic_prefix: str, *, of_the_second: bool
) -> None:
    quiet, through, proxy = doors
    quiet.ensure_topic(topic_prefix, PARTITIONS, {})
    first, second = (quiet, through) if of_the_second else (through, quiet)
    with closing(Joined(first, topic_prefix)) as one:
        assert one.holds(PARTITIONS)
        with _losing(proxy, JOIN_GROUP), closing(Joined(second, topic_prefix)) as other:
            assert other.holds(PARTITIONS // 2)
            assert one.holds(PARTITIONS // 2)

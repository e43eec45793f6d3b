"""A lane on a real broker whose topics grow, and whose group somebody else has joined."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
import structlog
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from hub.broker import KafkaBroker
from hub.contract.types import Document
from hub.delivery.archive import Archive
from hub.delivery.inbox import Inbox
from hub.delivery.lane import Lane
from hub.delivery.means import Means
from hub.delivery.outflow import Outflow
from hub.delivery.starting import group_of
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Terms
from hub.dev.waiting import until
from hub.errors import HubError
from hub.events.codec import Codec
from hub.events.headers import Envelope, write_headers
from hub.events.schemas_memory import MemorySchemas
from hub.records import Done, Outgoing, Position, Spot
from hub.registry.manifest_delivery import Delivery
from hub.surroundings import now_ms
from hub.topics import DOSSIER, EVENT_TOPICS, RECEIPT, TOPICS, ensure_all
from tests.brokers import LiveBroker, running_broker
from tests.delivery.test_lane import ROWS, WITHDRAWN, Peer, mapping
from tests.events.records import CATALOGUE

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(240),
    # kafka-python 3.0.12 leaves a socket to the collector when it is closed during a refresh
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PARTITIONS = 2
NOTICED = 120.0  # seconds; the client looks each 30 s whether a topic has grown


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBroker]:
    with running_broker(tmp_path_factory.mktemp("group")) as live:
        ensure_all(KafkaBroker(live.bootstrap), PARTITIONS)
        yield live


class World:
    """One registration whose system is in memory; each test has a registration of its own."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self.broker = KafkaBroker(bootstrap)
        self.codec = Codec(CATALOGUE, MemorySchemas())
        self.peer = Peer()
        self.name = name
        self.number = 0

    def event(self, code: str, partition: int) -> None:
        """A fact in a partition."""
        self.number += 1
        record: Document = {
            "dossier_code": code,
            "at": 1,
            "origin": "PROVINCE",
            "local_code": None,
            "reason": "1",
            "officer_name": None,
        }
        headers = write_headers(
            Envelope(f"{self.name}-{self.number}", "onestop", WITHDRAWN, 1, "f", "d1")
        )
        value = self.codec.encode(WITHDRAWN, record)
        writer = self.broker.writer()
        outgoing = Outgoing(DOSSIER, code.encode(), value, tuple(headers), partition)
        assert until(lambda: writer.send(outgoing).exception(20) is None, NOTICED)
        writer.close()

    async def run(self, work: Callable[[Inbox], None]) -> None:
        """Deliver while `work` is done on another thread."""
        flow = Outflow(self.name, "withdrawn", WITHDRAWN, mapping, ROWS, {})
        terms = Terms(self.name, {WITHDRAWN: flow}, Delivery(timeout=5), "bundle", "settings")
        loop = asyncio.get_running_loop()

        def report(results: list[tuple[Done, Position | HubError]]) -> None:
            loop.call_soon_threadsafe(lambda: [done(result) for done, result in results])

        writer = await asyncio.to_thread(self.broker.writer, report)
        means = Means(Archive(self.broker))
        lane = Lane(terms, self.peer, self.codec, writer, now_ms, means)
        takeover = Takeover(self.broker, writer, self.codec, self.name, PARTITIONS)
        inbox = Inbox(self.broker, lane, EVENT_TOPICS, loop, takeover, "now")
        inbox.start()
        try:
            await asyncio.to_thread(work, inbox)
        finally:
            await lane.drain(5)
            inbox.stop()
            await asyncio.to_thread(inbox.join, 10)
            await lane.close()
            await asyncio.to_thread(writer.close)

    def told(self, *codes: str) -> bool:
        """Whether the system has been told of all of these, once each."""
        return sorted(code for code, _, _ in self.peer.calls) == sorted(codes)


def test_partitions_by_which_a_topic_grows_are_served_and_receipts_follow(
    live: LiveBroker,
) -> None:
    world = World(live.bootstrap, "grown")

    def work(inbox: Inbox) -> None:
        assert inbox.ready.wait(60)
        world.event("A", 0)
        assert until(lambda: world.told("A"), 60)
        admin = KafkaAdminClient(bootstrap_servers=live.bootstrap)
        admin.create_partitions({DOSSIER: 2 * PARTITIONS})
        admin.close()
        world.event("B", 3)  # before anybody has noticed
        assert until(lambda: world.told("A", "B"), NOTICED)
        world.event("C", 1)
        assert until(lambda: world.told("A", "B", "C"), 60)

    asyncio.run(world.run(work))
    counts = {topic.name: world.broker.partitions(topic.name) for topic in TOPICS if topic.follows}
    assert set(counts.values()) == {2 * PARTITIONS}, counts
    reader = world.broker.reader([Spot(RECEIPT, 3)])
    assert reader.end()[Spot(RECEIPT, 3)] > 0
    reader.close()
    assert world.broker.committed(group_of("grown"))[Spot(DOSSIER, 3)][0] == 1


def test_somebody_else_in_the_group_is_named_and_nothing_is_lost(live: LiveBroker) -> None:
    world = World(live.bootstrap, "stolen")
    asyncio.run(world.run(_ready))  # so that the group is known
    world.event("A", 0)
    stranger = _stranger(live.bootstrap, group_of("stolen"))
    assert until(lambda: bool(stranger.poll(200) or stranger.assignment()), 60)

    def work(inbox: Inbox) -> None:
        def named() -> bool:
            stranger.poll(100)
            return any("another program" in str(line.get("reason")) for line in said)

        assert until(named, 60)
        assert not inbox.ready.is_set()
        stranger.close()
        assert until(lambda: world.told("A"), 60)
        late = _stranger(live.bootstrap, group_of("stolen"))
        with pytest.raises(KafkaError, match="Inconsistent"):
            until(lambda: bool(late.poll(200)), 60)
        late.close()
        world.event("B", 1)
        assert until(lambda: world.told("A", "B"), 60)

    with structlog.testing.capture_logs() as said:
        asyncio.run(world.run(work))


def _ready(inbox: Inbox) -> None:
    assert inbox.ready.wait(60)


def _stranger(bootstrap: str, group: str) -> KafkaConsumer:
    """A member that shares partitions out in a way that ours do not know."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False
    )  # by range and round robin, as the library does by itself
    consumer.subscribe([DOSSIER])
    return consumer

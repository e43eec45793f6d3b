"""Members of consumer groups on a real broker: whoever joins gets partitions, however it polls."""

import gc
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from hub.broker import KafkaBroker
from hub.broker.consumers import SESSION_MS
from hub.delivery.starting import ensure_offsets
from hub.dev.waiting import until
from hub.records import Outgoing, Spot
from tests.brokers import LiveBroker

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(120),
    # kafka-python 3.0.12 leaves a socket to the collector when it is closed during a refresh
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PARTITIONS = 4


class Mine:
    """What a member was given."""

    def __init__(self) -> None:
        self.spots: set[Spot] = set()
        self.last: list[dict[Spot, tuple[int, str]]] = []

    def assigned(self, spots: Sequence[Spot]) -> None:
        self.spots |= set(spots)

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        self.spots -= set(spots)
        return self.last.pop() if self.last else {}

    def lost(self, spots: Sequence[Spot]) -> None:
        self.spots -= set(spots)


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1])
def test_a_rebalance_longer_than_a_poll_is_seen_to_its_end(
    kafka: LiveBroker, topic_prefix: str, seconds: float
) -> None:
    broker = KafkaBroker(kafka.bootstrap)
    topics = [f"{topic_prefix}{name}" for name in "ab"]
    for topic in topics:
        broker.ensure_topic(topic, PARTITIONS, {})

    def join(number: int) -> int:
        group, mine = f"{topic_prefix}{number}", Mine()
        ensure_offsets(broker, group, topics, "beginning")
        member = broker.member(group, topics, mine)
        try:

            def whole() -> bool:
                member.poll(seconds)
                return len(mine.spots) == PARTITIONS * len(topics)

            until(whole, 20, every=0.001)
            return len(mine.spots)
        finally:
            member.close()

    with ThreadPoolExecutor(6) as pool:
        assert [PARTITIONS * 2] * 6 == list(pool.map(join, range(6)))
    gc.collect()  # here, where it is expected


def test_who_has_joined_has_its_lease_before_the_first_heartbeat(
    kafka: LiveBroker, topic_prefix: str
) -> None:
    """What goes in a rebalance is written to its end at once, however long that one took."""
    broker, topic, group = KafkaBroker(kafka.bootstrap), f"{topic_prefix}l", f"{topic_prefix}lease"
    broker.ensure_topic(topic, PARTITIONS, {})
    ensure_offsets(broker, group, [topic], "beginning")
    leases: list[float] = []
    began = time.monotonic()

    class Noting(Mine):
        def assigned(self, spots: Sequence[Spot]) -> None:
            super().assigned(spots)
            leases.append(member.lease_until)

    mine = Noting()
    member = broker.member(group, [topic], mine)
    try:
        assert member.lease_until < began, "nobody belongs to a group before he was told so"
        assert until(lambda: bool(member.poll(0.05)) or bool(mine.spots), 20, every=0.001)
        assert leases[0] > began + SESSION_MS / 1_000
    finally:
        member.close()


def test_who_comes_later_gets_its_part_of_each_topic(kafka: LiveBroker, topic_prefix: str) -> None:
    broker, group = KafkaBroker(kafka.bootstrap), f"{topic_prefix}parts"
    topics = [f"{topic_prefix}{name}" for name in ("busy", "quiet")]
    for topic in topics:
        broker.ensure_topic(topic, PARTITIONS, {})
    ensure_offsets(broker, group, topics, "beginning")
    parts: list[Mine] = []
    with ExitStack() as stack:
        members = []
        for expected in ([4], [2, 2], [1, 1, 2]):
            parts.append(Mine())
            members.append(broker.member(group, topics, parts[-1]))
            stack.callback(members[-1].close)

            def each_has_its_part(expected: list[int] = expected) -> bool:
                for member in members:
                    member.poll(0.01)
                return all(
                    sorted(sum(s.topic == topic for s in mine.spots) for mine in parts) == expected
                    for topic in topics
                )

            assert until(each_has_its_part, 40, every=0.001), [sorted(mine.spots) for mine in parts]


def test_what_was_paused_halfway_comes_when_the_others_have_nothing_more(
    kafka: LiveBroker, topic_prefix: str
) -> None:
    broker, topic, each = KafkaBroker(kafka.bootstrap), f"{topic_prefix}halves", 700
    broker.ensure_topic(topic, 3, {})
    writer = broker.writer()
    for number in range(3 * each):
        writer.append(Outgoing(topic, b"k", b"v", (), number % 3), lambda _: None)
    writer.close()
    group, mine = f"{topic_prefix}halves", Mine()
    ensure_offsets(broker, group, [topic], "beginning")
    member = broker.member(group, [topic], mine)
    read: Counter[int] = Counter()

    def came() -> list[int]:
        """The partitions that have given something now, and have more."""
        records = member.poll(0.05)
        read.update(record.partition for record in records)
        return [number for number in {r.partition for r in records} if read[number] < each]

    halves: list[Spot] = []

    def two_are_paused() -> bool:
        for number in came()[: 2 - len(halves)]:
            halves.append(Spot(topic, number))
            member.pause(halves[-1:])
        return len(halves) == 2

    try:
        assert until(two_are_paused, 20, every=0.001)
        assert until(lambda: came() == [] and max(read.values()) == each, 20, every=0.001)
        assert sum(read.values()) < 3 * each
        member.resume(halves)
        assert until(lambda: came() == [] and sum(read.values()) == 3 * each, 10, every=0.001)
    finally:
        member.close()
    assert read == {0: each, 1: each, 2: each}

"""Members of consumer groups on a real broker: whoever joins gets partitions, however it polls."""

import gc
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.broker import KafkaBroker
from hub.delivery.starting import ensure_offsets
from hub.dev.waiting import until
from hub.records import Spot
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

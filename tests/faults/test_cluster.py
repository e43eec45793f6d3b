"""The real Kafka behind the proxy: clients stay behind it, and lost answers are really lost."""

from collections.abc import Iterator

import pytest

from hub.broker import KafkaBroker
from hub.dev.kafka import DevBroker
from hub.dev.waiting import until
from hub.dev.wire import ask
from hub.records import Outgoing, Spot
from tests.faults.cluster import cluster
from tests.faults.frames import PRODUCE
from tests.faults.proxy import HOST, Proxy

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]
TOPIC = "t"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DevBroker, Proxy]]:
    with cluster(tmp_path_factory.mktemp("cluster")) as both:
        KafkaBroker(both[0].bootstrap).ensure_topic(TOPIC, 1, {})
        yield both


def test_each_door_tells_its_own_address(both: tuple[DevBroker, Proxy]) -> None:
    broker, proxy = both
    assert ask(HOST, proxy.port, 5).brokers == (f"{HOST}:{proxy.port}",)
    assert ask(HOST, int(broker.bootstrap.rpartition(":")[2]), 5).brokers == (broker.bootstrap,)


def test_what_was_appended_although_its_answer_was_lost_stands_there_once(
    both: tuple[DevBroker, Proxy],
) -> None:
    broker, proxy = both
    writer = KafkaBroker(f"{HOST}:{proxy.port}").writer()
    reader = KafkaBroker(broker.bootstrap).reader([Spot(TOPIC, 0)])
    try:
        assert writer.send(Outgoing(TOPIC, b"k", b"first")).result(20).offset == 0
        proxy.lose_answers(PRODUCE, 1)
        future = writer.send(Outgoing(TOPIC, b"k", b"second"))
        assert until(lambda: proxy.lost == 1, 10)
        assert future.result(20).offset == 1
        assert reader.end() == {Spot(TOPIC, 0): 2}
    finally:
        reader.close()
        writer.close()


def test_it_comes_back_to_both_doors_after_it_was_killed(both: tuple[DevBroker, Proxy]) -> None:
    broker, proxy = both
    before = broker.bootstrap
    broker.kill()
    with pytest.raises(OSError, match=r"."):
        ask(HOST, proxy.port, 2)
    broker.start()
    assert broker.bootstrap == before
    assert ask(HOST, proxy.port, 5).brokers == (f"{HOST}:{proxy.port}",)

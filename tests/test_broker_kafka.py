"""The broker's contract on the real Kafka."""

from queue import Queue
from uuid import uuid4

import pytest

from hub.broker import KafkaBroker, fresh
from hub.errors import HubError, Retry
from hub.records import Outgoing, Position
from tests.broker_contract import BrokerContract
from tests.brokers import LiveBroker

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture
def topic() -> str:
    return f"t-{uuid4().hex[:8]}"


@pytest.fixture
def broker(kafka: LiveBroker) -> KafkaBroker:
    return KafkaBroker(kafka.bootstrap)


class TestKafkaBroker(BrokerContract):
    pass


def test_a_process_that_stood_still_sends_nothing_it_was_not_asked_about_again(
    broker: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.ensure_topic(topic, 1, {})
    writer = broker.writer()
    assert writer.send(Outgoing(topic, b"k", b"1")).result(20).offset == 0
    monkeypatch.setattr(fresh, "STALE", -1.0)  # as if the process was stopped before each send
    asked = 0

    def ours() -> bool:
        nonlocal asked
        asked += 1
        if asked == 3:
            monkeypatch.setattr(fresh, "STALE", 1.0)
        return True

    results: Queue[Position | HubError] = Queue()
    writer.append(Outgoing(topic, b"k", b"2"), results.put, ours)
    assert results.get(timeout=20) == Position(topic, 0, 1)
    assert asked == 3, "each time it was held back it asked again"
    monkeypatch.setattr(fresh, "STALE", -1.0)
    assert writer.send(Outgoing(topic, b"k", b"3")).result(20).offset == 2, "anybody's"
    writer.append(Outgoing(topic, b"k", b"4"), results.put, lambda: True)
    assert isinstance(results.get(timeout=20), Retry), "it is given up in the end"
    monkeypatch.setattr(fresh, "STALE", 1.0)
    writer.append(Outgoing(topic, b"k", b"5"), results.put, lambda: True)
    assert results.get(timeout=20) == Position(topic, 0, 3)
    writer.close()

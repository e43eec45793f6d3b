"""The broker's contract on the real Kafka."""

from uuid import uuid4

import pytest

from hub.broker import KafkaBroker
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

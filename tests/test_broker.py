import pytest

from hub.broker_memory import MemoryBroker
from tests.broker_contract import BrokerContract


@pytest.fixture
def topic() -> str:
    return "t"


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


class TestMemoryBroker(BrokerContract):
    pass

"""A broker that is away costs time, and nothing that stays."""

import threading
from collections.abc import Callable

import pytest

from hub.broker import KafkaBroker
from hub.dev.node import free_port
from hub.errors import Retry
from hub.records import Spot

pytestmark = pytest.mark.process


def questions(broker: KafkaBroker) -> dict[str, Callable[[], object]]:
    return {
        "partitions": lambda: broker.partitions("hub.dossier"),
        "reader": lambda: broker.reader([Spot("hub.dossier", 0)]),
        "writer": broker.writer,
    }


@pytest.mark.parametrize("name", ["partitions", "reader", "writer"])
def test_an_attempt_that_fails_leaves_no_thread(name: str) -> None:
    broker = KafkaBroker(f"127.0.0.1:{free_port()}")
    before = threading.active_count()
    with pytest.raises(Retry):  # after some seconds for a broker that is about to start
        questions(broker)[name]()
    assert threading.active_count() == before

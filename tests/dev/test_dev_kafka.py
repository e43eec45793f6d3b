"""The broker of `hub dev`, for real."""

from pathlib import Path

import pytest

from tests.brokers import LiveBroker

pytestmark = pytest.mark.system


def test_the_shared_broker_serves(kafka: LiveBroker, topic_prefix: str) -> None:
    assert kafka.control.pid is not None
    assert kafka.bootstrap.startswith("127.0.0.1:")
    assert topic_prefix.endswith(".")
    assert (Path(kafka.home) / "log" / "kafka.log").exists()

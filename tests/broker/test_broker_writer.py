"""The writer, where the library itself refuses to start a record."""

import threading
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from hub.broker import KafkaBroker
from hub.broker import writer as writing
from hub.errors import HubError, Retry
from hub.records import Outgoing


class Producer:
    """Starts everything but the first record of dossier `a`; all arrive at offset 0."""

    def __init__(self, **_: object) -> None:
        self.started: list[bytes] = []
        self.seen: set[bytes] = set()
        self.entered = threading.Event()
        self.gate = threading.Event()

    def send(self, topic: str, *, value: bytes, key: bytes, **_: object) -> Any:
        self.entered.set()
        assert self.gate.wait(10)
        if key == b"a" and key not in self.seen:
            self.seen.add(key)
            raise KafkaTimeoutError
        self.started.append(value)
        there = SimpleNamespace(topic=topic, partition=0, offset=0)
        return SimpleNamespace(get=lambda **_: there)

    def flush(self, timeout: float) -> None:
        assert timeout > 0

    def close(self, timeout: float) -> None:
        assert timeout >= 0


def test_behind_a_record_that_did_not_start_none_of_its_key_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "KafkaProducer", lambda **_: producer)
    writer = KafkaBroker("127.0.0.1:9").writer()
    results: dict[bytes, object] = {}
    done = threading.Event()

    def tell(value: bytes, result: object) -> None:
        results[value] = result
        if len(results) == len(sent):
            done.set()

    sent = [(b"z", b"0"), (b"a", b"1"), (b"a", b"2"), (b"b", b"3"), (b"a", b"4")]
    for key, value in sent:
        outgoing = Outgoing("t", key, value, (), None)
        writer.append(outgoing, partial(tell, value))
        assert producer.entered.wait(10)  # the first is a flush of its own, the others share one
    producer.gate.set()
    assert done.wait(10)
    writer.close()
    failed = {value for value, result in results.items() if isinstance(result, HubError)}
    assert failed == {b"1", b"2", b"4"}
    assert all(isinstance(results[value], Retry) for value in failed)
    assert producer.started == [b"0", b"3"]

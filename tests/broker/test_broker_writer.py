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
        self.flushes = 0

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
        self.flushes += 1

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


def test_what_came_during_a_flush_shares_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "KafkaProducer", lambda **_: producer)
    writer = KafkaBroker("127.0.0.1:9").writer()
    first = writer.send(Outgoing("t", b"z", b"0"))
    assert producer.entered.wait(10)
    others = [writer.send(Outgoing("t", b"k", str(n).encode())) for n in range(2_000)]
    producer.gate.set()
    assert all(future.result(10).offset == 0 for future in (first, *others))
    writer.close()
    assert producer.flushes == 2
    assert len(producer.started) == 2_001


@pytest.mark.parametrize("patient", [True, False])
def test_a_patient_writer_does_not_look_whether_more_has_come(
    monkeypatch: pytest.MonkeyPatch, *, patient: bool
) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "KafkaProducer", lambda **_: producer)
    monkeypatch.setattr(writing, "GATHER", 60.0)
    monkeypatch.setattr(writing, "PAUSE", 0.0)
    writer = KafkaBroker("127.0.0.1:9").writer(patient=patient)
    first = writer.send(Outgoing("t", b"z", b"0"))
    assert producer.entered.wait(10)
    several = [writer.send(Outgoing("t", b"k", b"1")) for _ in range(2)]
    producer.gate.set()
    assert all(future.result(10).offset == 0 for future in (first, *several))
    alone = writer.send(Outgoing("t", b"k", b"2"))  # behind a flush of two: there may be more
    if patient:
        crowd = [writer.send(Outgoing("t", b"k", b"3")) for _ in range(writing.CROWD - 1)]
        assert all(future.result(10).offset == 0 for future in crowd)
    assert alone.result(10).offset == 0
    writer.close()
    assert producer.flushes == 3


@pytest.mark.parametrize(("size", "fit"), [(0, 20_000), (1_048_576, 64)])
def test_what_does_not_fit_is_refused_at_once_and_the_rest_is_kept(
    monkeypatch: pytest.MonkeyPatch, size: int, fit: int
) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "KafkaProducer", lambda **_: producer)
    writer = KafkaBroker("127.0.0.1:9").writer()
    writer.send(Outgoing("t", b"z", b"0"))
    assert producer.entered.wait(10)
    body = bytes(size)  # one object: the test itself holds it once
    taken = [writer.send(Outgoing("t", b"k", body)) for _ in range(fit)]
    for _ in range(3):
        with pytest.raises(Retry, match="full"):
            writer.send(Outgoing("t", b"k", body))
    producer.gate.set()
    assert all(future.result(10).offset == 0 for future in taken)
    assert writer.send(Outgoing("t", b"k", body)).result(10).offset == 0
    writer.close()


class Broken(Producer):
    """Fails in ways that the library does not promise."""

    def flush(self, timeout: float) -> None:
        raise ValueError("I/O operation on closed file")

    def close(self, timeout: float) -> None:
        raise RuntimeError


def test_no_slip_of_the_library_ends_the_writers_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Broken()
    producer.gate.set()
    monkeypatch.setattr(writing, "KafkaProducer", lambda **_: producer)
    writer = KafkaBroker("127.0.0.1:9").writer()
    with pytest.raises(Retry):
        writer.send(Outgoing("t", b"a", b"1")).result(10)
    assert writer.send(Outgoing("t", b"a", b"1")).result(10).offset == 0
    monkeypatch.setattr(Broken, "close", Producer.close)
    writer.close()

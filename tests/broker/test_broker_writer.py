"""The writer: what shares a flush, what is refused, and what follows a failure."""

import threading
from collections.abc import Mapping, Sequence

import pytest
from kafka.errors import KafkaTimeoutError

from hub.broker import KafkaBroker
from hub.broker import writer as writing
from hub.errors import HubError, Retry
from hub.records import Ours, Outgoing, Position


class Producer:
    """Keeps everything at offset 0, once the gate is open; says how often and what."""

    def __init__(self, *_: object) -> None:
        self.started: list[bytes] = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.flushes = 0
        self.rests = threading.Semaphore(0)

    def append(
        self, records: Sequence[Outgoing], claims: Mapping[int, Ours]
    ) -> list[Position | HubError]:
        self.entered.set()
        assert self.gate.wait(10)
        self.flushes += 1
        self.started += [outgoing.value or b"" for outgoing in records]
        return [Position(outgoing.topic, 0, 0) for outgoing in records]

    def rest(self) -> None:
        self.rests.release()

    def close(self) -> None:
        pass


class Uncertain(Producer):
    """Gives up what it is given."""

    def append(
        self, records: Sequence[Outgoing], claims: Mapping[int, Ours]
    ) -> list[Position | HubError]:
        return [Retry("nobody answered") for _ in records]


def test_behind_what_was_given_up_another_producer_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Uncertain(), Producer()]
    made[1].gate.set()
    left = iter(made)
    monkeypatch.setattr(writing, "Producer", lambda _: next(left))
    writer = KafkaBroker("127.0.0.1:9").writer()
    with pytest.raises(Retry, match="nobody"):
        writer.send(Outgoing("t", b"k", b"1")).result(10)
    assert writer.send(Outgoing("t", b"k", b"2")).result(10).offset == 0
    assert made[1].started == [b"2"]
    writer.close()


def test_a_cluster_that_is_away_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Producer | Exception] = [Uncertain(), KafkaTimeoutError(), Producer()]
    left = iter(made)

    def make(_: object) -> Producer:
        one = next(left)
        if isinstance(one, Exception):
            raise one
        one.gate.set()
        return one

    monkeypatch.setattr(writing, "Producer", make)
    writer = KafkaBroker("127.0.0.1:9").writer()
    for _ in range(2):
        with pytest.raises(Retry):
            writer.send(Outgoing("t", b"k", b"1")).result(10)
    assert writer.send(Outgoing("t", b"k", b"1")).result(10).offset == 0
    writer.close()


def test_a_writer_without_work_looks_after_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "Producer", lambda _: producer)
    monkeypatch.setattr(writing, "IDLE", 0.001)
    writer = KafkaBroker("127.0.0.1:9").writer()
    assert all(producer.rests.acquire(timeout=10) for _ in range(3))
    writer.close()


def test_what_came_during_a_flush_shares_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = Producer()
    monkeypatch.setattr(writing, "Producer", lambda _: producer)
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
    monkeypatch.setattr(writing, "Producer", lambda _: producer)
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
    monkeypatch.setattr(writing, "Producer", lambda _: producer)
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

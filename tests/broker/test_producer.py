"""What a producer makes of brokers that refuse, move and fall silent."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import errors
from kafka.future import Future
from kafka.protocol.producer import InitProducerIdResponse, ProduceRequest, ProduceResponse
from kafka.record import MemoryRecords

from hub.broker import bundle as bundling
from hub.broker import fresh
from hub.broker import producer as producing
from hub.broker.producer import Producer
from hub.errors import HubError, Reject, Retry
from hub.records import NOT_OURS, Ours, Outgoing, Position

LEADER = {0: 1, 1: 1, 2: 2}
OPTIONS = {"bootstrap_timeout_ms": 1}
_Answer = ProduceResponse.TopicProduceResponse


class Cluster:
    """What is known of topic `t`: three partitions on two brokers."""

    def __init__(self) -> None:
        self.unauthorized_topics = {"secret"}
        self.leaders: dict[int, int] = dict(LEADER)
        self.updates = 0

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(LEADER) if topic == "t" else None

    def leader_for_partition(self, spot: Any) -> int:
        return self.leaders[spot.partition]

    def add_topic(self, topic: str) -> Future:
        return Future().success(topic)

    def request_update(self) -> Future:
        self.updates += 1
        self.leaders = dict(LEADER)
        return Future().success(self)


class Transport:
    """The library's way to one broker."""

    def __init__(self) -> None:
        self._write_buffer: list[bytes] = []

    def _sock_send(self) -> tuple[int, Exception | None]:
        return 1, None


class Manager:
    """The library's connections."""

    async def _build_transport(self, _: object) -> Transport:
        return Transport()


class Brokers:
    """A client whose brokers answer as they are told: a code, silence, a broken line, or kept."""

    def __init__(self, *answers: int | Exception | None) -> None:
        self.cluster = Cluster()
        self.answers: Iterator[int | Exception | None] = iter(answers)
        self.log: dict[int, list[bytes]] = defaultdict(list)  # what each partition keeps
        self.sent: list[tuple[int, int, bytes]] = []  # partition, sequence, bytes
        self.requests: list[tuple[int, int]] = []  # broker, bytes of its batches
        self.closed = False
        self._manager = Manager()
        self.stands_still = 0.0  # seconds, once, before the next bytes leave

    def __call__(self, **_: object) -> "Brokers":
        return self

    def check_version(self, timeout_ms: float) -> None:
        assert timeout_ms > 0

    def least_loaded_node(self) -> int:
        return 1

    def poll(self, timeout_ms: float, future: Future | None = None) -> None:
        if future is not None and not future.is_done:
            time.sleep(timeout_ms / 1_000)  # noqa: TID251 - as the library would

    def send(self, node: int, request: Any) -> Future:
        if not isinstance(request, ProduceRequest):
            told = InitProducerIdResponse(error_code=0, producer_id=9, producer_epoch=0)
            return Future().success(told)
        if error := self._leave(node):
            return Future().failure(error)
        answer = next(self.answers, 0)
        if isinstance(answer, Exception):
            return Future().failure(answer)
        if answer is None:
            return Future()
        (topic,) = request.topic_data
        self.requests.append((node, sum(len(part.records) for part in topic.partition_data)))
        found = [self._partition(answer, part.index, part.records) for part in topic.partition_data]
        named = _Answer(name=topic.name, partition_responses=found)
        return Future().success(ProduceResponse(responses=[named]))

    def _leave(self, node: int) -> Exception | None:
        """The bytes of a request go out."""
        way: Any = asyncio.run(self._manager._build_transport(SimpleNamespace(node_id=node)))
        stands_still, self.stands_still = self.stands_still, 0.0
        time.sleep(stands_still)  # noqa: TID251 - a process that is stopped does
        _, error = way._sock_send()
        return error if isinstance(error, Exception) else None

    def _partition(self, code: int, index: int, raw: bytes) -> Any:
        batch = MemoryRecords(raw).next_batch()
        self.sent.append((index, batch.base_sequence, raw))
        base = len(self.log[index])
        if code == 0:
            self.log[index] += [record.value for record in batch]
        made = _Answer.PartitionProduceResponse
        return made(index=index, error_code=code, base_offset=base if code == 0 else -1)

    def close(self) -> None:
        self.closed = True


def records(*values: bytes, partition: int | None = 0) -> list[Outgoing]:
    return [Outgoing("t", b"k", value, (), partition) for value in values]


def offsets(results: list[Position | HubError]) -> list[int]:
    return [result.offset for result in results if isinstance(result, Position)]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "PATIENCE", 0.5)
    monkeypatch.setattr(producing, "TOPIC", 0.2)
    monkeypatch.setattr(producing, "BACKOFF_MS", 5)


def opened(brokers: Brokers) -> Producer:
    make: Callable[..., Any] = brokers
    return Producer(OPTIONS, make)


def test_each_learns_where_it_stands_whatever_partition_it_went_to() -> None:
    brokers = Brokers()
    producer = opened(brokers)
    bundle = [*records(b"a", partition=2), *records(b"b", b"c"), *records(b"d", partition=2)]
    assert producer.append(bundle) == [
        Position("t", 2, 0), Position("t", 0, 0), Position("t", 0, 1), Position("t", 2, 1)
    ]  # fmt: skip
    assert [node for node, _ in brokers.requests] == [2, 1], "one request a broker"
    producer.append(records(b"e"))
    assert [(part, sequence) for part, sequence, _ in brokers.sent] == [(2, 0), (0, 0), (0, 2)]
    assert brokers.log == {0: [b"b", b"c", b"e"], 2: [b"a", b"d"]}


@pytest.mark.parametrize(
    "odd",
    [
        errors.NotLeaderForPartitionError.errno,
        errors.NotEnoughReplicasAfterAppendError.errno,
        errors.KafkaConnectionError("gone"),
        errors.RequestTimedOutError("slow"),
        errors.NodeNotReadyError("backing off"),
    ],
)
def test_what_is_uncertain_is_sent_again_byte_for_byte(odd: int | Exception) -> None:
    brokers = Brokers(odd)
    assert offsets(opened(brokers).append(records(b"a", b"b"))) == [0, 1]
    assert brokers.cluster.updates > 0, "the leader may be another now"
    assert len({raw for _, _, raw in brokers.sent}) == 1


def test_a_partition_between_two_leaders_is_waited_for() -> None:
    brokers = Brokers()
    brokers.cluster.leaders[0] = -1
    assert offsets(opened(brokers).append(records(b"a"))) == [0]


@pytest.mark.parametrize("odd", [None, errors.UnknownProducerIdError.errno])
def test_what_is_given_up_is_told_and_nothing_behind_it_is_sent(
    odd: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "BATCH_BYTES", 1)  # each record is a batch of its own
    brokers = Brokers(0, odd)
    results = opened(brokers).append(records(b"a", b"b", b"c"))
    assert [type(result) for result in results] == [Position, Retry, Retry]
    assert brokers.log[0] == [b"a"]


def test_what_fails_holds_up_no_other_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundling, "BATCH_BYTES", 1)
    brokers = Brokers(errors.UnknownProducerIdError.errno, 0, 0)
    bundle = [*records(b"a", b"b"), *records(b"c", b"d", partition=2)]
    results = opened(brokers).append(bundle)
    assert [type(result) for result in results] == [Retry, Retry, Position, Position]


def answers(*said: bool) -> Ours:
    """A claim that says this, one after the other; the last for good."""
    left = iter(said)
    return lambda: next(left, said[-1])


def reasons(results: list[Position | HubError]) -> list[str]:
    return [result.what for result in results if isinstance(result, HubError)]


def test_what_is_not_ours_when_it_leaves_is_left_out_and_counts_for_nothing() -> None:
    brokers = Brokers()
    producer = opened(brokers)
    bundle = [*records(b"a", b"b", b"c"), *records(b"d", partition=2)]
    results = producer.append(bundle, {1: answers(False), 2: answers(True), 3: answers(False)})
    assert (offsets(results), reasons(results)) == ([0, 1], [NOT_OURS] * 2)
    assert [node for node, _ in brokers.requests] == [1], "nothing is left for the other broker"
    began = time.monotonic()
    assert reasons(producer.append(records(b"e"), {0: answers(False)})) == [NOT_OURS]
    assert time.monotonic() - began < bundling.PATIENCE / 2, "nothing is waited for"
    assert offsets(producer.append(records(b"f"))) == [2]
    assert [sequence for _, sequence, _ in brokers.sent] == [0, 2]


def test_of_many_batches_those_are_left_out_that_are_not_ours_when_their_turn_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundling, "BATCH_BYTES", 1)
    brokers = Brokers()
    claims = {0: answers(True), 1: answers(False), 2: answers(False), 3: answers(True, False)}
    results = opened(brokers).append(records(b"a", b"b", b"c", b"d", b"e"), claims)
    assert (offsets(results), reasons(results)) == ([0, 1, 2], [NOT_OURS] * 2)
    assert brokers.log[0] == [b"a", b"d", b"e"]


def test_who_stood_still_before_the_bytes_left_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "STALE", 0.05)
    brokers = Brokers()
    brokers.stands_still = 0.1
    results = opened(brokers).append(records(b"a", b"b"), {0: answers(True, False)})
    assert (offsets(results), reasons(results)) == ([0], [NOT_OURS])
    assert [sequence for _, sequence, _ in brokers.sent] == [0]
    assert brokers.log[0] == [b"b"]


def test_who_stood_still_sends_what_is_anybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "STALE", 0.05)
    brokers = Brokers()
    brokers.stands_still = 0.1
    assert offsets(opened(brokers).append(records(b"a"))) == [0]
    assert brokers.cluster.updates == 0, "no connection was broken off"


def test_what_may_be_there_already_is_repeated_though_it_is_not_ours_any_more() -> None:
    brokers = Brokers(errors.NotEnoughReplicasAfterAppendError.errno)
    results = opened(brokers).append(records(b"a"), {0: answers(True, False)})
    assert offsets(results) == [0]
    assert len({raw for _, _, raw in brokers.sent}) == 1


def test_what_is_too_large_together_is_sent_one_by_one() -> None:
    large = errors.MessageSizeTooLargeError.errno
    brokers = Brokers(large, 0, large, 0)
    results = opened(brokers).append(records(b"a", b"b", b"c"))
    assert [type(result) for result in results] == [Position, Reject, Position]
    assert brokers.log[0] == [b"a", b"c"]
    assert [sequence for _, sequence, _ in brokers.sent] == [0, 0, 1, 1]


def test_what_no_request_can_hold_is_refused_unsent() -> None:
    brokers = Brokers()
    whole = records(bytes(producing.MESSAGE_BYTES), b"small")
    assert [type(one) for one in opened(brokers).append(whole)] == [Reject, Position]


def test_a_request_is_no_larger_than_a_broker_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "MESSAGE_BYTES", 1_000)
    monkeypatch.setattr(bundling, "BATCH_BYTES", 1)
    brokers = Brokers()
    bundle = [one for n in (0, 1) for one in records(b"x" * 700, b"y" * 700, partition=n)]
    assert offsets(opened(brokers).append(bundle)) == [0, 1, 0, 1]
    assert len(brokers.requests) == 4


@pytest.mark.parametrize(("topic", "why"), [("secret", "right"), ("absent", "broker")])
def test_a_topic_that_is_not_to_be_had_fails_alone(topic: str, why: str) -> None:
    brokers = Brokers()
    lost, kept = opened(brokers).append([Outgoing(topic, b"k", b"a"), *records(b"b")])
    assert isinstance(lost, Retry)
    assert why in lost.what
    assert kept == Position("t", 0, 0)


def test_a_right_that_was_taken_away_ends_the_attempt_at_once() -> None:
    brokers = Brokers(errors.ClusterAuthorizationFailedError())
    began = time.monotonic()
    (result,) = opened(brokers).append(records(b"a"))
    assert isinstance(result, Retry)
    assert "right" in result.what
    assert time.monotonic() - began < bundling.PATIENCE


def test_keys_decide_and_what_has_none_goes_round() -> None:
    brokers = Brokers()
    producer = opened(brokers)
    producer.append([Outgoing("t", b"abc", b"a"), *[Outgoing("t", None, b"n")] * 3])
    home = (479470107 & 0x7FFFFFFF) % 3
    assert b"a" in brokers.log[home]
    assert [values.count(b"n") for values in brokers.log.values()] == [1, 1, 1]


def test_a_producer_that_cannot_begin_leaves_nothing_open() -> None:
    class Away(Brokers):
        def check_version(self, timeout_ms: float) -> None:
            raise errors.KafkaTimeoutError(timeout_ms)

    away = Away()
    with pytest.raises(errors.KafkaTimeoutError):
        opened(away)
    assert away.closed

"""The one home of kafka-python: appending, reading, consumer groups, topics.

kafka-python is blocking and its consumer belongs to one thread, so each reader and member belongs
to the thread that made it; only a writer is shared. A writer has a thread of its own that takes all
that waits, sends it, waits for all acknowledgements and reports once: many callers share one flush
(one at a time is 750 a second, together it is tens of thousands). `hub.broker_memory` is the twin.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NoError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)
from kafka.partitioner.default import murmur2

from hub.broker_door import addresses, look, tls_context
from hub.errors import Halt, HubError, Reject, Retry
from hub.log import get_logger
from hub.records import Done, Outgoing, Position, Rebalance, Record, Report, Spot
from hub.settings import Security, resolve

T = TypeVar("T")
log = get_logger("hub.broker")

MESSAGE_BYTES = 2 * 1024 * 1024
QUEUE_RECORDS = 20_000
QUEUE_BYTES = 64 * 1024 * 1024
# Of a group's member: a dead worker is noticed after SESSION_MS (the library's default is 45 s).
SESSION_MS = 10_000
HEARTBEAT_MS = 2_000
LAST_COMMIT_MS = 3_000  # for partitions that go; with the lane's own time under SESSION_MS


# The first group of a cluster has no coordinator for a moment, until its topic is made.
COORDINATOR_COMING = (
    CoordinatorNotAvailableError,
    CoordinatorLoadInProgressError,
    NotCoordinatorError,
)
COORDINATOR_TRIES = 40
COORDINATOR_WAIT = 0.25  # seconds

# The cluster's refusal, and what it is about.
MISSING_RIGHTS = {
    "TopicAuthorizationFailedError": "topic",
    "GroupAuthorizationFailedError": "consumer group",
    "ClusterAuthorizationFailedError": "cluster",
    "TransactionalIdAuthorizationFailedError": "transaction",
}


# A flush costs kafka-python as much as some twenty records: a gateway under load made one for each
# five, and used a third more processor time than with these. A lone record never waits.
GATHER = 0.005  # seconds
CROWD = 500  # records
FLUSH = 15.0  # seconds for one flush; the producer itself gives a record up after 10
PRODUCER: Mapping[str, object] = {
    "metrics_enabled": False,
    "acks": "all",
    "linger_ms": 1_000,  # never waited for: the writer flushes
    "compression_type": "lz4",
    "max_request_size": MESSAGE_BYTES,
    "batch_size": 131_072,
    "delivery_timeout_ms": 10_000,
    "request_timeout_ms": 5_000,
    "max_block_ms": 5_000,
    "allow_auto_create_topics": False,
}


class KafkaWriter:
    """`hub.records.Writer` on a KafkaProducer, with a thread of its own."""

    def __init__(self, options: Mapping[str, object], report: Report | None) -> None:
        self._options = {**options, **PRODUCER}
        self._producer: KafkaProducer | None = KafkaProducer(**self._options)
        self._report = report or _call_all
        self._queue: deque[tuple[Outgoing, Done]] = deque()
        self._bytes = 0
        self._wake = threading.Condition()
        self._closing = False
        self._several = False  # whether the last flush had more than one record
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def append(self, outgoing: Outgoing, done: Done) -> None:
        with self._wake:
            if self._closing or len(self._queue) >= QUEUE_RECORDS or self._bytes >= QUEUE_BYTES:
                raise Retry("the writer's queue is full or closed", after=1.0, system=True)
            self._queue.append((outgoing, done))
            self._bytes += outgoing.size
            if len(self._queue) in (1, CROWD):
                self._wake.notify()

    def send(self, outgoing: Outgoing) -> "Future[Position]":
        future: Future[Position] = Future()

        def done(result: Position | HubError) -> None:
            if isinstance(result, Position):
                future.set_result(result)
            else:
                future.set_exception(result)

        self.append(outgoing, done)
        return future

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout=30)
        if self._producer is not None:
            self._producer.close(timeout=5)

    def _run(self) -> None:
        while batch := self._next():
            results = self._flush(batch)
            try:
                self._report(results)
            except RuntimeError:  # the loop that wanted to know has ended; nobody waits any more
                return

    def _next(self) -> list[tuple[Outgoing, Done]]:
        """All that waits; nothing at the end. Where many write, more of them share the flush."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing)
            if self._several:
                self._wake.wait_for(lambda: len(self._queue) >= CROWD or self._closing, GATHER)
            batch = list(self._queue)
            self._queue.clear()
            self._bytes = 0
        self._several = len(batch) > 1
        return batch

    def _flush(self, batch: list[tuple[Outgoing, Done]]) -> list[tuple[Done, Position | HubError]]:
        """Send all and wait for all, at most twice FLUSH seconds."""
        producer = self._ready()
        if isinstance(producer, HubError):
            return [(done, producer) for _, done in batch]
        deadline = time.monotonic() + FLUSH
        sent = _start_all(producer, batch)
        # Without the flush the library sends a batch as soon as its first record is there: half of
        # a writer's time then went into waking the sender for batches of 1.6 records.
        with suppress(KafkaError):  # each record's own future tells what became of it
            producer.flush(timeout=FLUSH)
        results = [(done, _settle(future, deadline)) for future, done in sent]
        if any(isinstance(result, Retry) for _, result in results):
            # After a time-out kafka-python 3.0.12 drops its producer id and never asks for a new
            # one: nothing would be sent again (tests/system/test_writer.py). So it is replaced.
            self._producer = None
            producer.close(timeout=0)
        return results

    def _ready(self) -> "KafkaProducer | HubError":
        if self._producer is None:
            try:
                self._producer = KafkaProducer(**self._options)
            except Exception as error:  # noqa: BLE001 - the library raises many kinds; none may end the thread
                return _unsent(error)
        return self._producer


def _start_all(
    producer: KafkaProducer, batch: list[tuple[Outgoing, Done]]
) -> list[tuple[object, Done]]:
    """Start every record; behind one that did not start, none of its key is sent.

    It will be sent again, and must then not stand behind what came after it.
    """
    sent: list[tuple[object, Done]] = []
    held: dict[tuple[str, bytes | None], object] = {}
    for outgoing, done in batch:
        key = (outgoing.topic, outgoing.key)
        future = held.get(key) or _start(producer, outgoing)
        if isinstance(future, Retry):
            held[key] = future
        sent.append((future, done))
    return sent


def _start(producer: KafkaProducer, outgoing: Outgoing) -> object:
    """The library's future, or the HubError that stands in its place."""
    try:
        return producer.send(
            outgoing.topic,
            value=outgoing.value,
            key=outgoing.key,
            headers=list(outgoing.headers),
            partition=outgoing.partition,
        )
    except Exception as error:  # noqa: BLE001 - as above
        return _unsent(error)


def _settle(future: object, deadline: float) -> Position | HubError:
    if isinstance(future, HubError):
        return future
    try:
        left = max(0.0, deadline - time.monotonic())
        metadata = future.get(timeout=left)  # type: ignore[attr-defined]  # the library has no hints
    except Exception as error:  # noqa: BLE001 - as above
        return _unsent(error)
    return Position(metadata.topic, metadata.partition, metadata.offset)


def _translate(error: Exception) -> HubError:
    name = type(error).__name__
    if name in ("MessageSizeTooLargeError", "RecordListTooLargeError", "InvalidTopicError"):
        return Reject(f"the broker refuses the record ({name})", code="too-large")
    if name in MISSING_RIGHTS:
        return Halt(
            f"the cluster does not give us the right ({name})",
            where=MISSING_RIGHTS[name],
            fix="ops/runbooks/outside-cluster.md lists the rights that its administrator grants",
        )
    return Retry(f"the broker did not answer as it should ({name})", after=1.0, system=True)


def _unsent(error: Exception) -> HubError:
    """As `_translate`; but the sender may try again, for a right can be given while we run."""
    found = _translate(error)
    if isinstance(found, Halt):
        return Retry(found.what, where=found.where, fix=found.fix, after=5.0, system=True)
    return found


@contextmanager
def _translated() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except KafkaError as error:
        raise _translate(error) from error


def _call_all(results: list[tuple[Done, Position | HubError]]) -> None:
    for done, result in results:
        done(result)


class KafkaReader:
    """`hub.records.Reader` on a KafkaConsumer without a group."""

    def __init__(self, options: Mapping[str, object], spots: Sequence[Spot]) -> None:
        self._consumer = KafkaConsumer(
            **options,
            metrics_enabled=False,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=100,
            max_poll_records=2000,
            allow_auto_create_topics=False,
        )
        self._spots = [TopicPartition(*spot) for spot in spots]
        self._consumer.assign(self._spots)

    def begin(self) -> dict[Spot, int]:
        with _translated():
            return _spots(self._consumer.beginning_offsets(self._spots))

    def end(self) -> dict[Spot, int]:
        with _translated():
            return _spots(self._consumer.end_offsets(self._spots))

    def seek(self, spot: Spot, offset: int) -> None:
        self._consumer.seek(TopicPartition(*spot), offset)

    def position(self, spot: Spot) -> int:
        with _translated():
            position: int = self._consumer.position(TopicPartition(*spot))
        return position

    def poll(self, seconds: float) -> list[Record]:
        with _translated():
            return _records(self._consumer.poll(timeout_ms=int(seconds * 1000)))

    def close(self) -> None:
        self._consumer.close()


class KafkaMember:
    """`hub.records.Member` on a KafkaConsumer with cooperative rebalancing."""

    def __init__(
        self, options: Mapping[str, object], group: str, topics: Sequence[str], rebalance: Rebalance
    ) -> None:
        self._consumer = KafkaConsumer(
            **options,
            metrics_enabled=False,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=[CooperativeStickyAssignor()],
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            fetch_max_wait_ms=100,
            max_poll_records=1000,
            max_partition_fetch_bytes=MESSAGE_BYTES,
            allow_auto_create_topics=False,
        )
        with _translated():
            for topic in topics:  # known before the group is joined, or it is joined twice
                self._consumer.partitions_for_topic(topic)
        self._consumer.subscribe(list(topics), listener=_Listener(rebalance, self._consumer))

    def poll(self, seconds: float) -> list[Record]:
        with _translated():
            self._go_on_joining()
            return _records(self._consumer.poll(timeout_ms=int(seconds * 1000)))

    def _go_on_joining(self) -> None:
        # A rebalance that a change of metadata began, and that outlasts one poll, is forgotten by
        # kafka-python 3.0.12: it takes its own snapshot of the metadata as the end of the matter,
        # never reads the answer, and the broker expels it (tests/system/test_members.py).
        coordinator = self._consumer._coordinator  # noqa: SLF001 - there is no public way
        if coordinator.rebalance_in_progress():
            coordinator.request_rejoin()

    def pause(self, spots: Iterable[Spot]) -> None:
        self._consumer.pause(*[TopicPartition(*spot) for spot in spots])

    def resume(self, spots: Iterable[Spot]) -> None:
        self._consumer.resume(*[TopicPartition(*spot) for spot in spots])

    def commit(self, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        try:
            self._consumer.commit(_commitable(offsets), timeout_ms=5_000)
        except KafkaError as error:
            raise Retry(f"offsets were not committed ({type(error).__name__})") from error

    def end(self) -> dict[Spot, int]:
        assigned = self._consumer.assignment()
        found = {tp: self._consumer.highwater(tp) for tp in assigned}
        return _spots({tp: offset for tp, offset in found.items() if offset is not None})

    def close(self) -> None:
        self._consumer.close(autocommit=False)


class _Listener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # the library has no hints
    """Tells of a rebalance, and commits what is still to be committed for what goes.

    The library calls this on its own thread, where a blocking commit is refused; a coroutine may
    await the commit there (tests/broker_contract.py). `Rebalance.revoked` blocks heartbeats, so it
    has to take well under SESSION_MS.
    """

    def __init__(self, rebalance: Rebalance, consumer: KafkaConsumer) -> None:
        self._rebalance = rebalance
        self._consumer = consumer

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._rebalance.assigned([Spot(tp.topic, tp.partition) for tp in assigned])

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        last = self._rebalance.revoked([Spot(tp.topic, tp.partition) for tp in revoked])
        if not last:
            return
        coordinator = self._consumer._coordinator  # noqa: SLF001 - there is no public way
        try:
            await coordinator._commit_offsets_sync_async(  # noqa: SLF001 - as above
                _commitable(last), timeout_ms=LAST_COMMIT_MS
            )
        except KafkaError as error:  # its new owner begins earlier, with the same keys
            log.warning("last_commit_refused", reason=type(error).__name__)

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self._rebalance.lost([Spot(tp.topic, tp.partition) for tp in lost])


def _commitable(
    offsets: Mapping[Spot, tuple[int, str]],
) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*s): OffsetAndMetadata(o, m, -1) for s, (o, m) in offsets.items()}


class KafkaBroker:
    """`hub.records.Broker`: a cluster, reached by its bootstrap address."""

    def __init__(self, bootstrap: str, security: Security | None = None) -> None:
        """Opens nothing. Raises Halt for an address, file or secret that cannot be used."""
        self.bootstrap = bootstrap
        self._security = security or Security()
        self._options = _options(bootstrap, self._security)
        self._let_in = False

    def writer(self, report: Report | None = None) -> KafkaWriter:
        return self._open(lambda: KafkaWriter(self._options, report))

    def reader(self, spots: Sequence[Spot]) -> KafkaReader:
        return self._open(lambda: KafkaReader(self._options, spots))

    def member(self, group: str, topics: Sequence[str], rebalance: Rebalance) -> KafkaMember:
        return self._open(lambda: KafkaMember(self._options, group, topics, rebalance))

    def cluster(self) -> str:
        found = self._ask(lambda admin: admin.describe_cluster())
        return str(found.get("cluster_id"))

    def partitions(self, topic: str) -> int:
        return self._ask(lambda admin: _partitions(admin, topic))

    def partition_of(self, key: bytes, partitions: int) -> int:
        """The partition that every Kafka client gives this key (murmur2)."""
        number: int = murmur2(key)
        return (number & 0x7FFFFFFF) % partitions

    def ensure_topic(self, name: str, partitions: int, config: Mapping[str, str]) -> None:
        wanted = {"num_partitions": partitions, "replication_factor": -1, "configs": dict(config)}

        def ensure(admin: KafkaAdminClient) -> int:
            # Looked for first: who may not create topics may still use those that are there.
            there = _partitions(admin, name)
            if there:
                return there
            try:
                admin.create_topics({name: wanted}, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                return _partitions(admin, name)
            return partitions

        found = self._ask(ensure)
        if found != partitions:
            raise Reject(
                f"has {found} partitions, {partitions} were asked for",
                where=name,
                fix=f"set HUB_PARTITIONS={found}: receipts go to the source's partition number",
                code="partitions",
            )

    def topic_config(self, name: str) -> Mapping[str, str] | None:
        wanted = ConfigResource(ConfigResourceType.TOPIC, name)
        try:
            found = self._ask(lambda admin: admin.describe_configs([wanted], config_filter="all"))
        except HubError:
            return None
        of_topics: dict[str, dict[str, dict[str, object]]] = next(iter(found.values()), {})
        return {key: str(data.get("value")) for key, data in of_topics.get(name, {}).items()}

    def committed(self, group: str) -> dict[Spot, tuple[int, str]]:
        found = self._ask(lambda admin: admin.list_group_offsets(group))
        return {
            Spot(tp.topic, tp.partition): (om.offset, om.metadata or "")
            for tp, om in found.get(group, {}).items()
            if om.offset >= 0
        }

    def commit_for(self, group: str, offsets: Mapping[Spot, int]) -> None:
        wanted = {TopicPartition(*s): OffsetAndMetadata(o, "", -1) for s, o in offsets.items()}

        def alter(admin: KafkaAdminClient) -> dict[TopicPartition, type[KafkaError]]:
            found: dict[TopicPartition, type[KafkaError]] = admin.alter_group_offsets(group, wanted)
            for error in found.values():
                if issubclass(error, COORDINATOR_COMING):
                    raise error  # told per partition here, but it is the whole group's
            return found

        found = self._ask(alter)
        refused = {error.__name__ for error in found.values() if error is not NoError}
        if refused:
            raise Retry(f"starting offsets were not committed ({', '.join(sorted(refused))})")

    def _ask(self, question: Callable[[KafkaAdminClient], T]) -> T:
        admin = self._open(lambda: KafkaAdminClient(**self._options))
        waiting = threading.Event()
        try:
            for _ in range(COORDINATOR_TRIES):
                try:
                    return question(admin)
                except COORDINATOR_COMING:
                    waiting.wait(COORDINATOR_WAIT)
            return question(admin)
        except KafkaError as error:
            raise _translate(error) from error
        finally:
            admin.close()

    def _open(self, make: Callable[[], T]) -> T:
        """A client of the library, which waits some seconds for a broker that is about to start.

        Raises Halt where the cluster will not let us in as we are set up, Retry where it is away.
        """
        if not self._let_in:
            look(self.bootstrap, self._security)
        try:
            made = make()
        except KafkaError as error:
            self._let_in = False
            raise Retry(
                f"the broker cannot be reached ({type(error).__name__})",
                where=self.bootstrap,
                fix="is it running? `hub dev status`, or check HUB_BOOTSTRAP",
                after=2.0,
                system=True,
            ) from error
        self._let_in = True
        return made


def _partitions(admin: KafkaAdminClient, topic: str) -> int:
    found = admin.describe_topics([topic])
    return len(found[0].get("partitions") or ()) if found else 0


def _options(bootstrap: str, security: Security) -> dict[str, object]:
    options: dict[str, object] = {
        "bootstrap_servers": [f"{_bracketed(host)}:{port}" for host, port in addresses(bootstrap)],
        "client_id": "lgsp-hub",
        "security_protocol": security.protocol,
        "bootstrap_timeout_ms": 8_000,
        "reconnect_backoff_max_ms": 1_000,
    }
    context = tls_context(security)
    if context is not None:
        options["ssl_context"] = context
    if security.protocol.startswith("SASL"):
        options["sasl_mechanism"] = security.sasl_mechanism
        options["sasl_plain_username"] = security.sasl_username
        options["sasl_plain_password"] = resolve(security.sasl_password or "")
    return options


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _spots(offsets: Mapping[TopicPartition, int]) -> dict[Spot, int]:
    return {Spot(tp.topic, tp.partition): offset for tp, offset in offsets.items()}


def _records(polled: Mapping[TopicPartition, Sequence[Any]]) -> list[Record]:
    # ConsumerRecord is untyped: this is the door where Any stops.
    return [
        Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))
        for records in polled.values()
        for r in records
    ]

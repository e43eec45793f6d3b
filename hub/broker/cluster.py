"""A cluster: what opens writers and readers, and asks the cluster about itself."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import TypeVar

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    InvalidPartitionsError,
    KafkaError,
    NoError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)

from hub.broker.batches import murmur2
from hub.broker.clients import made
from hub.broker.consumers import REQUEST_MS, KafkaMember, KafkaReader
from hub.broker.door import addresses, look, tls_context
from hub.broker.refusals import translate
from hub.broker.writer import KafkaWriter
from hub.errors import HubError, Reject, Retry
from hub.log import get_logger
from hub.records import Rebalance, Report, Spot
from hub.settings import Security, resolve

T = TypeVar("T")
log = get_logger("hub.broker")

# The first group of a cluster has no coordinator for a moment, until its topic is made.
COORDINATOR_COMING = (
    CoordinatorNotAvailableError,
    CoordinatorLoadInProgressError,
    NotCoordinatorError,
)
METADATA_MS = 30_000  # until it is noticed that a topic has more partitions
# Until an act of the cluster is given up: one that is busy may take its time to make a topic. A
# question is answered within REQUEST_MS, or was lost.
ACT_MS = 30_000
COORDINATOR_TRIES = 40
COORDINATOR_WAIT = 0.25  # seconds


class KafkaBroker:
    """`hub.records.Broker`: a cluster, reached by its bootstrap address."""

    def __init__(self, bootstrap: str, security: Security | None = None) -> None:
        """Opens nothing. Raises Halt for an address, file or secret that cannot be used."""
        self.bootstrap = bootstrap
        self._security = security or Security()
        self._options = _options(bootstrap, self._security)
        self._let_in = False
        self._kept = threading.local()  # `admin`: gives a thread's client, while it asks together

    def writer(self, report: Report | None = None, *, patient: bool = False) -> KafkaWriter:
        return self._open(lambda: KafkaWriter(self._options, report, patient=patient))

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
        return (murmur2(key) & 0x7FFFFFFF) % partitions

    def ensure_topic(
        self, name: str, partitions: int, config: Mapping[str, str], *, grows: bool = False
    ) -> None:
        found = self._ask(lambda admin: ensured(admin, name, partitions, config), ACT_MS)
        if found < partitions and grows:
            self._ask(lambda admin: _grow(admin, name, partitions), ACT_MS)
        elif found != partitions and not grows:
            raise Reject(
                f"has {found} partitions, {partitions} were asked for",
                where=name,
                fix=f"set HUB_PARTITIONS={found}; where another topic has more by now, let your"
                " cluster give this one as many",
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

    def commit_for(self, group: str, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        wanted = {TopicPartition(*s): OffsetAndMetadata(*c, -1) for s, c in offsets.items()}

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

    def delete_before(self, offsets: Mapping[Spot, int]) -> None:
        wanted = {TopicPartition(*spot): offset for spot, offset in offsets.items()}
        found = self._ask(lambda admin: admin.delete_records(wanted), ACT_MS)
        left = [tp for tp, offset in wanted.items() if found[tp]["low_watermark"] < offset]
        if left:
            where = f"{left[0].topic}/{left[0].partition}"
            raise Retry("its records were not deleted", where=where, system=True)

    @contextmanager
    def together(self) -> Iterator[None]:
        with ExitStack() as stack:
            self._kept.admin = cache(lambda wait: stack.enter_context(closing(self._admin(wait))))
            try:
                yield
            finally:
                del self._kept.admin

    def _admin(self, wait: int) -> KafkaAdminClient:
        """Gives an answer up after `wait` ms."""
        return self._open(lambda: made(KafkaAdminClient, **self._options, request_timeout_ms=wait))

    def _ask(self, question: Callable[[KafkaAdminClient], T], wait: int = REQUEST_MS) -> T:
        kept: Callable[[int], KafkaAdminClient] | None = getattr(self._kept, "admin", None)
        if kept is not None:
            return _answered(kept(wait), question)
        with closing(self._admin(wait)) as admin:
            return _answered(admin, question)

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


def _answered(admin: KafkaAdminClient, question: Callable[[KafkaAdminClient], T]) -> T:
    waiting = threading.Event()
    try:
        for _ in range(COORDINATOR_TRIES):
            try:
                return question(admin)
            except COORDINATOR_COMING:
                waiting.wait(COORDINATOR_WAIT)
        return question(admin)
    except KafkaError as error:
        raise translate(error) from error


def ensured(admin: KafkaAdminClient, name: str, partitions: int, config: Mapping[str, str]) -> int:
    """How many partitions a topic has; it is created where it is not there.

    Looked for first: who may not create topics may still use those that are there. Raises Retry
    where another process created it a moment ago and the broker does not tell its partitions yet.
    """
    there = _partitions(admin, name)
    if there:
        return there
    wanted = {"num_partitions": partitions, "replication_factor": -1, "configs": dict(config)}
    try:
        admin.create_topics({name: wanted}, wait_for_metadata=True)
    except TopicAlreadyExistsError as error:
        there = _partitions(admin, name)
        if not there:
            raise Retry("is being created by another process", where=name) from error
        return there
    return partitions


def _grow(admin: KafkaAdminClient, name: str, partitions: int) -> None:
    """Give a topic more partitions; somebody else may do so at the same time."""
    try:
        admin.create_partitions({name: partitions})
    except InvalidPartitionsError:
        if _partitions(admin, name) < partitions:
            raise
    log.warning("topic_grown", topic=name, partitions=partitions)


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
        "metadata_max_age_ms": METADATA_MS,
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

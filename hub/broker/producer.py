"""Appending a bundle of records at once: one batch a partition, one request a broker, one answer.

kafka-python has the connections, the cluster's metadata and the protocol; its KafkaProducer would
add a thread, and work for each record and batch that a writer which waits for its whole bundle does
not need. What it promised holds here as well: `acks=all`; a repeat after an uncertain answer is the
same batch with the same sequence, which a broker takes once (KIP-98); nothing overtakes within a
partition, because each has one batch under way.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from types import MappingProxyType

from kafka import TopicPartition
from kafka import errors as kafka_errors
from kafka.future import Future
from kafka.net.compat import KafkaNetClient
from kafka.protocol.producer import InitProducerIdRequest, ProduceRequest, ProduceResponse

from hub.broker.batches import body, encode, murmur2
from hub.broker.bundle import Bundle
from hub.broker.fresh import Fresh
from hub.broker.refusals import unsent
from hub.errors import HubError, Retry
from hub.records import Ours, Outgoing, Position, Spot

MESSAGE_BYTES = 2 * 1024 * 1024  # of a request, and so of a record
TOPIC = 3.0  # of PATIENCE, for what is not known of a topic: others may be waiting behind it
REQUEST_MS = 2_500
BACKOFF_MS = 100
PRODUCE_VERSION = 9  # the last one that names topics
SEQUENCES = 2**31
_Topic = ProduceRequest.TopicProduceData


class Producer:
    """Belongs to one thread. After a Retry it must be closed: what is uncertain keeps its id."""

    def __init__(
        self,
        options: Mapping[str, object],
        client: Callable[..., KafkaNetClient] = KafkaNetClient,
    ) -> None:
        """Connects. Raises the library's errors where the cluster does not answer."""
        self._client = client(**{**options, "request_timeout_ms": REQUEST_MS})
        self._fresh = Fresh(self._client._manager)  # noqa: SLF001 - there is no public way
        try:
            self._client.check_version(timeout_ms=options["bootstrap_timeout_ms"])
        except BaseException:
            self.close()
            raise
        self._cluster = self._client.cluster
        self._identity: tuple[int, int] | None = None  # producer id and epoch
        self._sequences: dict[Spot, int] = {}
        self._turn = count()

    def append(
        self, records: Sequence[Outgoing], claims: Mapping[int, Ours] = MappingProxyType({})
    ) -> list[Position | HubError]:
        """What became of each, at most PATIENCE seconds later.

        `claims`: for the places of some, whether they still are ours to write; asked last.
        """
        bundle = Bundle(records, claims)
        failure: HubError = Retry("the record was not sent", system=True)
        try:
            self._sort(bundle, records)
            while bundle.queues:
                self._round(bundle)
        except Exception as error:  # noqa: BLE001 - the library raises many kinds; none may end the thread
            failure = unsent(error)
        return [failure if result is None else result for result in bundle.results]

    def rest(self) -> None:
        """Let the connections live: metadata, what the broker closed, a credential to renew."""
        with suppress(Exception):
            self._client.poll(timeout_ms=0)

    def close(self) -> None:
        """Let go."""
        with suppress(Exception):
            self._client.close()

    def _sort(self, bundle: Bundle, records: Sequence[Outgoing]) -> None:
        """By partition; the records of a topic that is not to be had fail alone."""
        counts: dict[str, int | HubError] = {}
        for place, outgoing in enumerate(records):
            partitions = counts.get(outgoing.topic)
            if partitions is None:
                partitions = counts[outgoing.topic] = self._partitions(outgoing.topic, bundle)
            if isinstance(partitions, HubError):
                bundle.results[place] = partitions
                continue
            inner = body(outgoing)
            if len(inner) > MESSAGE_BYTES:
                bundle.results[place] = unsent(kafka_errors.MessageSizeTooLargeError())
                continue
            spot = Spot(outgoing.topic, self._partition(outgoing, partitions))
            bundle.add(spot, place, inner)

    def _partitions(self, topic: str, bundle: Bundle) -> int | HubError:
        """How many a topic has, asked where that is not known yet; or why that cannot be told."""
        try:
            while (found := self._cluster.partitions_for_topic(topic)) is None:
                asked = self._cluster.add_topic(topic)
                if asked.is_done:  # it was asked for before
                    asked = self._cluster.request_update()
                self._client.poll(timeout_ms=bundle.left_of(TOPIC), future=asked)
                if topic in self._cluster.unauthorized_topics:
                    return unsent(kafka_errors.TopicAuthorizationFailedError({topic}))
                if self._cluster.partitions_for_topic(topic) is None:
                    self._pause(bundle)
        except Exception as error:  # noqa: BLE001 - as above
            return unsent(error)
        return len(found)

    def _partition(self, outgoing: Outgoing, partitions: int) -> int:
        if outgoing.partition is not None:
            return outgoing.partition
        if outgoing.key is None:
            return next(self._turn) % partitions
        return (murmur2(outgoing.key) & 0x7FFFFFFF) % partitions

    def _round(self, bundle: Bundle) -> None:
        """Send the next batch of every partition to its leader, and take the answers."""
        identity = self._identity or self._identify(bundle)
        if bundle.claims:
            bundle.sift()
        nodes = self._by_leader(bundle)
        self._fresh.asked(list(nodes) if bundle.claims else [])
        requests = [
            (node, spots, self._client.send(node, self._request(bundle, spots, identity)))
            for node, spots in nodes.items()
        ]
        again = not requests and bool(bundle.queues)
        for node, spots, future in requests:
            self._client.poll(timeout_ms=bundle.left_ms, future=future)
            if not future.is_done:
                raise kafka_errors.KafkaTimeoutError
            if future.succeeded():
                again |= self._take(bundle, future.value)
            elif isinstance(future.exception, kafka_errors.AuthorizationError):
                raise future.exception
            else:  # the connection; whether it arrived is settled by sending the same again
                again |= bool(spots)
                if node in self._fresh.held_back:
                    bundle.unsent(spots)
        if again:
            self._cluster.request_update()
            self._pause(bundle)

    def _by_leader(self, bundle: Bundle) -> dict[int, list[Spot]]:
        """Partitions whose leader is known, up to what one request may hold."""
        found: dict[int, list[Spot]] = {}
        room: dict[int, int] = {}
        for spot, queue in bundle.queues.items():
            leader: int | None = self._cluster.leader_for_partition(TopicPartition(*spot))
            if leader is None or leader < 0:
                continue
            size = queue[0].size
            if leader not in found or size <= room[leader]:
                room[leader] = room.get(leader, MESSAGE_BYTES) - size
                found.setdefault(leader, []).append(spot)
        return found

    def _request(
        self, bundle: Bundle, spots: Sequence[Spot], identity: tuple[int, int]
    ) -> ProduceRequest:
        now = int(time.time() * 1_000)
        topics: dict[str, list[object]] = {}
        for spot in spots:
            part = bundle.queues[spot][0]
            if not part.raw:  # what is sent again is the same, byte for byte
                part.raw = encode(part.bodies, now, identity, self._sequences.get(spot, 0))
            topics.setdefault(spot.topic, []).append(
                _Topic.PartitionProduceData(index=spot.partition, records=part.raw)
            )
        return ProduceRequest(
            transactional_id=None,
            acks=-1,
            timeout_ms=REQUEST_MS,
            topic_data=[_Topic(name=name, partition_data=found) for name, found in topics.items()],
            max_version=PRODUCE_VERSION,
        )

    def _take(self, bundle: Bundle, response: ProduceResponse) -> bool:
        """Note what an answer says; True if something is to be sent again."""
        again = False
        for topic in response.responses:
            for told in topic.partition_responses:
                spot = Spot(topic.name, told.index)
                if told.error_code == 0:
                    size = bundle.kept(spot, told.base_offset)
                    self._sequences[spot] = (self._sequences.get(spot, 0) + size) % SEQUENCES
                else:
                    kind = kafka_errors.for_code(told.error_code)
                    again |= self._failed(bundle, spot, kind)
        return again

    def _failed(self, bundle: Bundle, spot: Spot, kind: type[Exception]) -> bool:
        if issubclass(kind, kafka_errors.RetriableError):
            return True
        large = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)
        if kind in large and len(bundle.queues[spot][0].places) > 1:
            bundle.divide(spot)
        else:
            bundle.failed(spot, unsent(kind()))
        return False

    def _identify(self, bundle: Bundle) -> tuple[int, int]:
        """Who we are to the brokers, for as long as this producer lives (KIP-98)."""
        while True:
            node = self._client.least_loaded_node()
            request = InitProducerIdRequest(
                transactional_id=None, transaction_timeout_ms=60_000, max_version=4
            )
            future = self._client.send(node, request)
            self._client.poll(timeout_ms=bundle.left_ms, future=future)
            if future.is_done and future.succeeded():
                kind = kafka_errors.for_code(future.value.error_code)
                if kind is kafka_errors.NoError:
                    self._identity = (future.value.producer_id, future.value.producer_epoch)
                    return self._identity
                if not issubclass(kind, kafka_errors.RetriableError):
                    raise kind
            self._pause(bundle)

    def _pause(self, bundle: Bundle) -> None:
        """A moment for brokers and connections; a Future that never ends waits it out."""
        self._client.poll(timeout_ms=min(BACKOFF_MS, bundle.left_ms), future=Future())

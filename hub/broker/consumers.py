"""Reading: without a group, or as a member of one.

A consumer belongs to one thread, so each reader and member belongs to the thread that made it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError

from hub.broker.assignor import FairAssignor
from hub.broker.clients import made
from hub.broker.fetched import read_by_us
from hub.broker.producer import MESSAGE_BYTES
from hub.broker.refusals import translated
from hub.errors import Retry
from hub.log import get_logger
from hub.records import Rebalance, Record, Spot

log = get_logger("hub.broker")

# Of a group's member: a dead worker is noticed after SESSION_MS (the library's default is 45 s).
SESSION_MS = 10_000
HEARTBEAT_MS = 1_000  # nothing is sent before the first one is answered
LAST_COMMIT_MS = 3_000  # for partitions that go; with the lane's own time under SESSION_MS
# Until a silent connection is given up, one that is dead and does not say so (the library: 30 s).
# Short enough that the next heartbeat is answered within the session, over another connection.
REQUEST_MS = 5_000
# Of a reader, fetched ahead per partition; a larger record comes all the same. With the library's
# 1 MiB an auditor, which has two readers over sixty partitions each, held 120 MB of what it had
# not looked at yet.
FETCHED = 256 * 1024


class KafkaReader:
    """`hub.records.Reader` on a KafkaConsumer without a group."""

    def __init__(self, options: Mapping[str, object], spots: Sequence[Spot]) -> None:
        self._consumer = made(
            KafkaConsumer,
            **options,
            metrics_enabled=False,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=100,
            request_timeout_ms=REQUEST_MS,
            max_poll_records=2000,
            max_partition_fetch_bytes=FETCHED,
            allow_auto_create_topics=False,
        )
        read_by_us(self._consumer)
        self.assign(spots)

    def assign(self, spots: Sequence[Spot]) -> None:
        self._spots = [TopicPartition(*spot) for spot in spots]
        self._consumer.assign(self._spots)

    def begin(self) -> dict[Spot, int]:
        with translated():
            return _spots(self._consumer.beginning_offsets(self._spots))

    def end(self) -> dict[Spot, int]:
        with translated():
            return _spots(self._consumer.end_offsets(self._spots))

    def at(self, moment: int) -> dict[Spot, int]:
        with translated():
            found = self._consumer.offsets_for_times(dict.fromkeys(self._spots, moment))
        later = {tp: place.offset for tp, place in found.items() if place is not None}
        return self.end() | _spots(later)

    def seek(self, spot: Spot, offset: int) -> None:
        self._consumer.seek(TopicPartition(*spot), offset)

    def position(self, spot: Spot) -> int:
        with translated():
            position: int = self._consumer.position(TopicPartition(*spot))
        return position

    def poll(self, seconds: float) -> list[Record]:
        with translated():
            return _records(self._consumer.poll(timeout_ms=int(seconds * 1000)))

    def heard(self) -> dict[Spot, int]:
        return _heard(self._consumer)

    def close(self) -> None:
        self._consumer.close()


class KafkaMember:
    """`hub.records.Member` on a KafkaConsumer with cooperative rebalancing."""

    def __init__(
        self, options: Mapping[str, object], group: str, topics: Sequence[str], rebalance: Rebalance
    ) -> None:
        self._consumer = made(
            KafkaConsumer,
            **options,
            metrics_enabled=False,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            partition_assignment_strategy=[FairAssignor()],
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            request_timeout_ms=REQUEST_MS,
            fetch_max_wait_ms=500,  # what comes is sent at once; an idle member asks twice a second
            max_poll_records=250,  # together with what a lane holds: the rest waits undecoded
            max_partition_fetch_bytes=MESSAGE_BYTES,
            allow_auto_create_topics=False,
        )
        read_by_us(self._consumer)
        try:
            with translated():
                for topic in topics:  # known before the group is joined, or it is joined twice
                    self._consumer.partitions_for_topic(topic)
        except BaseException:
            self._consumer.close()
            raise
        self._answered = -inf  # when the group was asked last, and said that we belong to it
        self._keep_lease(self._consumer._coordinator)  # noqa: SLF001 - there is no public way
        self._give_up(self._consumer._coordinator._manager)  # noqa: SLF001 - as above
        self._consumer.subscribe(list(topics), listener=_Listener(rebalance, self._consumer))

    def _keep_lease(self, coordinator: Any) -> None:
        send = coordinator._send_heartbeat_request  # noqa: SLF001 - as above

        async def heartbeat() -> object:
            began = time.monotonic()
            answer = await send()  # raises for every error, "rebalance in progress" among them
            self._answered = began
            return answer

        coordinator._send_heartbeat_request = heartbeat  # noqa: SLF001 - as above
        told = coordinator._process_sync_group_response  # noqa: SLF001 - as above

        def joined(response: object, asked: float) -> object:
            # What goes is written to its end now, however long the others took to come together.
            assignment = told(response, asked)  # raises where we do not belong to it any more
            self._answered = asked
            return assignment

        coordinator._process_sync_group_response = joined  # noqa: SLF001 - as above

    def _give_up(self, manager: Any) -> None:
        # For an answer to JoinGroup kafka-python 3.0.12 waits as long as the others may take to
        # come back, and 5 s: with the library's five minutes, so long a member stood still whose
        # answer was lost (tests/system/test_lost_answers.py). One that asks again under its name
        # is told what it missed, or goes on waiting with the others. A shorter time to come back
        # (max_poll_interval_ms) would expel who reads a long past on the thread that polls
        # (hub.delivery.takeover), begin the same with the next owner, and so on.
        send = manager.send

        def sent(request: object, node_id: object = None, **_: object) -> object:
            return send(request, node_id=node_id)  # all within REQUEST_MS

        manager.send = sent

    @property
    def joining(self) -> bool:
        joining: bool = self._consumer._coordinator.need_rejoin()  # noqa: SLF001 - as above
        return joining

    @property
    def lease_until(self) -> float:
        return self._answered + SESSION_MS / 1000

    def poll(self, seconds: float) -> list[Record]:
        with translated():
            self._go_on_joining()
            self._go_on_reading()
            return _records(self._consumer.poll(timeout_ms=int(seconds * 1000)))

    def _go_on_joining(self) -> None:
        # A rebalance that a change of metadata began, and that outlasts one poll, is forgotten by
        # kafka-python 3.0.12: it takes its own snapshot of the metadata as the end of the matter,
        # never reads the answer, and the broker expels it (tests/system/test_members.py).
        coordinator = self._consumer._coordinator  # noqa: SLF001 - there is no public way
        if coordinator.rebalance_in_progress():
            coordinator.request_rejoin()

    def _go_on_reading(self) -> None:
        # What was fetched of one that is paused halfway is put aside by kafka-python 3.0.12, and
        # taken up again only while no other partition's records stand in line. But those stay in
        # line when they are used up: with two put aside, both stood still for good once no other
        # had anything new (tests/system/test_members.py).
        fetcher = self._consumer._fetcher  # noqa: SLF001 - there is no public way
        if fetcher._paused_partition_records and not fetcher._next_partition_records:  # noqa: SLF001 - as above
            fetcher._next_partition_records = None  # noqa: SLF001 - used up

    def seek(self, spot: Spot, offset: int) -> None:
        self._consumer.seek(TopicPartition(*spot), offset)

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
        return _heard(self._consumer)

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


def _heard(consumer: KafkaConsumer) -> dict[Spot, int]:
    found = {tp: consumer.highwater(tp) for tp in consumer.assignment()}
    return _spots({tp: offset for tp, offset in found.items() if offset is not None})


def _spots(offsets: Mapping[TopicPartition, int]) -> dict[Spot, int]:
    return {Spot(tp.topic, tp.partition): offset for tp, offset in offsets.items()}


def _records(polled: Mapping[TopicPartition, Sequence[Record]]) -> list[Record]:
    return list(chain.from_iterable(polled.values()))

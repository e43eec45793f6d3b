"""Appending: a writer has a thread of its own, and many callers share one flush.

It takes all that waits, sends it, waits for all acknowledgements and reports once: one at a time is
750 a second, together it is tens of thousands.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress

from kafka import KafkaProducer

from hub.broker.clients import made
from hub.broker.refusals import unsent
from hub.errors import HubError, Retry
from hub.records import Done, Outgoing, Position, Report

MESSAGE_BYTES = 2 * 1024 * 1024
QUEUE_RECORDS = 20_000
QUEUE_BYTES = 64 * 1024 * 1024
# A flush costs kafka-python as much as some twenty records: a gateway under load made one for each
# five, and used a third more processor time than with these. A lone record never waits. Nor does
# a crowd whose senders all wait for their yes: without PAUSE 32 of them got 2,186 ratings a second
# through, with it 2,862; messages that cost a gateway more came to 2,083 instead of 2,247.
# Where nobody waits for his own yes alone (`patient`: a worker has the next calls marked already),
# it sleeps through: to look every half millisecond woke the thread up to ten times a flush, each
# time against a loop that had to give the interpreter away (257 instead of 272 µs an event).
GATHER = 0.005  # seconds
PAUSE = 0.0005  # seconds in which nobody came
CROWD = 500  # records
FLUSH = 10.0  # seconds for one flush; the producer itself gives a record up after 6
PRODUCER: Mapping[str, object] = {
    "metrics_enabled": False,
    "acks": "all",
    "linger_ms": 1_000,  # never waited for: the writer flushes
    "compression_type": "lz4",
    "max_request_size": MESSAGE_BYTES,
    "batch_size": 131_072,
    # So long does the first sender after a broker's death wait for his "again later". Two requests
    # fit in, so that one that meets a partition between two leaders is not the end (decision 0005).
    "delivery_timeout_ms": 6_000,
    "request_timeout_ms": 2_500,
    "max_block_ms": 5_000,
    "allow_auto_create_topics": False,
}


class KafkaWriter:
    """`hub.records.Writer` on a KafkaProducer, with a thread of its own."""

    def __init__(
        self, options: Mapping[str, object], report: Report | None, *, patient: bool = False
    ) -> None:
        self._pause = GATHER if patient else PAUSE
        self._options = {**options, **PRODUCER}
        self._producer: KafkaProducer | None = made(KafkaProducer, **self._options)
        self._report = report or _call_all
        self._queue: deque[tuple[Outgoing, Done]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._closing = False
        self._several = False  # whether the last flush had more than one record
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def append(self, outgoing: Outgoing, done: Done) -> None:
        with self._lock:  # a Condition would enter it in Python
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
                self._gather()
            batch = list(self._queue)
            self._queue.clear()
            self._bytes = 0
        self._several = len(batch) > 1
        return batch

    def _gather(self) -> None:
        """Wait for company until no more comes, but not for long."""
        until = time.monotonic() + GATHER
        while not self._closing and len(self._queue) < CROWD and time.monotonic() < until:
            before = len(self._queue)
            self._wake.wait(self._pause)
            if len(self._queue) == before:
                return

    def _flush(self, batch: list[tuple[Outgoing, Done]]) -> list[tuple[Done, Position | HubError]]:
        """Send all and wait for all, at most twice FLUSH seconds."""
        producer = self._ready()
        if isinstance(producer, HubError):
            return [(done, producer) for _, done in batch]
        deadline = time.monotonic() + FLUSH
        sent = _start_all(producer, batch)
        # Without the flush the library sends a batch as soon as its first record is there: half of
        # a writer's time then went into waking the sender for batches of 1.6 records.
        with suppress(Exception):  # each record's own future tells what became of it
            producer.flush(timeout=FLUSH)
        results = [(done, _settle(future, deadline)) for future, done in sent]
        if any(isinstance(result, Retry) for _, result in results):
            # After a time-out kafka-python 3.0.12 drops its producer id and never asks for a new
            # one: nothing would be sent again (tests/system/test_writer.py). So it is replaced.
            self._producer = None
            with suppress(Exception):
                producer.close(timeout=0)
        return results

    def _ready(self) -> "KafkaProducer | HubError":
        if self._producer is None:
            try:
                self._producer = made(KafkaProducer, **self._options)
            except Exception as error:  # noqa: BLE001 - the library raises many kinds; none may end the thread
                return unsent(error)
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
        return unsent(error)


def _settle(future: object, deadline: float) -> Position | HubError:
    if isinstance(future, HubError):
        return future
    try:
        left = max(0.0, deadline - time.monotonic())
        metadata = future.get(timeout=left)  # type: ignore[attr-defined]  # the library has no hints
    except Exception as error:  # noqa: BLE001 - as above
        return unsent(error)
    return Position(metadata.topic, metadata.partition, metadata.offset)


def _call_all(results: list[tuple[Done, Position | HubError]]) -> None:
    for done, result in results:
        done(result)

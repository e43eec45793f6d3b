"""Appending: a writer has a thread of its own, and many callers share one flush.

It takes all that waits, sends it, waits for all acknowledgements and reports once: one at a time is
750 a second, together it is tens of thousands.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TypeAlias

from hub.broker.producer import Producer
from hub.broker.refusals import unsent
from hub.errors import HubError, Retry
from hub.records import NOT_OURS, Done, Ours, Outgoing, Position, Report

_Waiting: TypeAlias = tuple[Outgoing, Done, Ours | None]
QUEUE_RECORDS = 20_000
QUEUE_BYTES = 64 * 1024 * 1024
# A flush costs as much as some ten records: a gateway under load made one for each five, and used a
# third more processor time than with these. A lone record never waits. Nor does
# a crowd whose senders all wait for their yes: without PAUSE 32 of them got 2,186 ratings a second
# through, with it 2,862; messages that cost a gateway more came to 2,083 instead of 2,247.
# Where nobody waits for his own yes alone (`patient`: a worker has the next calls marked already),
# it sleeps through: to look every half millisecond woke the thread up to ten times a flush, each
# time against a loop that had to give the interpreter away (257 instead of 272 µs an event).
GATHER = 0.005  # seconds
PAUSE = 0.0005  # seconds in which nobody came
CROWD = 500  # records
IDLE = 1.0  # seconds after which the connections are looked after though nothing is to be sent


class KafkaWriter:
    """`hub.records.Writer` on a Producer, with a thread of its own."""

    def __init__(
        self, options: Mapping[str, object], report: Report | None, *, patient: bool = False
    ) -> None:
        self._pause = GATHER if patient else PAUSE
        self._options = options
        self._producer: Producer | None = Producer(options)
        self._report = report or _call_all
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._closing = False
        self._several = False  # whether the last flush had more than one record
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def append(self, outgoing: Outgoing, done: Done, ours: Ours | None = None) -> None:
        with self._lock:  # a Condition would enter it in Python
            if self._closing or len(self._queue) >= QUEUE_RECORDS or self._bytes >= QUEUE_BYTES:
                raise Retry("the writer's queue is full or closed", after=1.0, system=True)
            self._queue.append((outgoing, done, ours))
            self._bytes += outgoing.size
            if len(self._queue) in (1, CROWD):
                self._wake.notify()

    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        future: Future[Position] = Future()

        def done(result: Position | HubError) -> None:
            if isinstance(result, Position):
                future.set_result(result)
            else:
                future.set_exception(result)

        self.append(outgoing, done, ours)
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
            self._producer.close()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if not batch:
                if self._producer is not None:
                    self._producer.rest()
                continue
            results = self._flush(batch)
            try:
                self._report(results)
            except RuntimeError:  # the loop that wanted to know has ended; nobody waits any more
                return

    def _next(self) -> list[_Waiting] | None:
        """All that waits, nothing after IDLE seconds without any, None at the end.

        Where many write, more of them share the flush.
        """
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing, IDLE)
            if not self._queue:
                return None if self._closing else []
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

    def _flush(self, batch: list[_Waiting]) -> list[tuple[Done, Position | HubError]]:
        """Send all and wait for all."""
        producer = self._ready()
        if isinstance(producer, HubError):
            return [(done, producer) for _, done, _ in batch]
        claims = {place: ours for place, (_, _, ours) in enumerate(batch) if ours is not None}
        results = producer.append([outgoing for outgoing, _, _ in batch], claims)
        if any(isinstance(result, Retry) and result.what != NOT_OURS for result in results):
            # What was given up may still arrive. A new one has another id, so that the broker does
            # not take the next record for a repeat of it.
            self._producer = None
            producer.close()
        return [(done, result) for (_, done, _), result in zip(batch, results, strict=True)]

    def _ready(self) -> "Producer | HubError":
        if self._producer is None:
            try:
                self._producer = Producer(self._options)
            except Exception as error:  # noqa: BLE001 - the library raises many kinds; none may end the thread
                return unsent(error)
        return self._producer


def _call_all(results: list[tuple[Done, Position | HubError]]) -> None:
    for done, result in results:
        done(result)

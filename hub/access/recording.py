"""Attempts on `hub.act`: written beside the requests, so that none of them waits for the broker.

What cannot be written is told in the log with the same facts; whoever watches the log misses
nothing while the broker is away.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from hub.access.attempts import Attempt, Attempts
from hub.contract.types import Document
from hub.intake.acts import SCHEMA
from hub.log import get_logger
from hub.records import Headers, Outgoing, Writer
from hub.surroundings import now_ms
from hub.topics import ACT

log = get_logger("hub.access")
KIND = "ACCESS"
TICK = 5.0  # seconds between two looks whether a minute is over
ACKNOWLEDGED = 10.0  # seconds, as the writer itself
Encode = Callable[[str, Document], bytes]


@dataclass(frozen=True, slots=True)
class Sink:
    """Where records go, and how they are written."""

    writer: Writer
    encode: Encode


def as_document(attempt: Attempt, at: int) -> Document:
    """The Avro record `hub.v1.Act`; `at` in epoch ms."""
    times = f", {attempt.times} times more within a minute" if attempt.times > 1 else ""
    place = f", from {attempt.peer}" if attempt.peer else ""
    return {
        "kind": KIND,
        "registration": attempt.connector,
        "subject": attempt.what,
        "reason": f"{attempt.result}{place}{times}",
        "event_ids": [],
        "at": at,
        "by": attempt.by,
    }


class Recorder:
    """Takes attempts from the event loop, writes them on a thread of its own."""

    def __init__(self, sink: Callable[[], Sink]) -> None:
        """`sink` may wait for the broker; it is asked for when there is first something."""
        self._open = sink
        self._one_by_one = threading.Lock()  # the last write may begin while another is under way
        self._sink: Sink | None = None
        self._attempts = Attempts()
        self._waiting: list[Attempt] = []
        self._come = asyncio.Event()

    def note(self, attempt: Attempt) -> None:
        """Somebody tried something."""
        self._take(self._attempts.note(attempt, monotonic()))

    async def run(self) -> None:
        """Write what comes, until it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):  # wait_for can lose a cancellation
                    await self._come.wait()
            self._take(self._attempts.over(monotonic()))
            await self._write_all()

    async def end(self) -> None:
        """Write what is left, and no more after that."""
        self._take([*self._attempts.rest()])
        await self._write_all()
        if self._sink is not None:
            await asyncio.to_thread(self._sink.writer.close)

    def _take(self, attempts: list[Attempt]) -> None:
        self._waiting += attempts
        if attempts:
            self._come.set()

    async def _write_all(self) -> None:
        self._come.clear()
        waiting, self._waiting = self._waiting, []
        if waiting:
            await asyncio.to_thread(self._write, waiting)

    def _write(self, attempts: list[Attempt]) -> None:
        try:
            with self._one_by_one:
                self._sink = sink = self._sink or self._open()
                sent = [sink.writer.send(_record(one, sink.encode)) for one in attempts]
                for future in sent:
                    future.result(ACKNOWLEDGED)
        except Exception as error:  # noqa: BLE001 - requests go on, and the next attempt is written
            for one in attempts:
                log.warning(
                    "attempt_unrecorded",
                    by=one.by,
                    what=one.what,
                    result=one.result,
                    connector=one.connector,
                    peer=one.peer,
                    times=one.times,
                    error=type(error).__name__,
                )


def _record(attempt: Attempt, encode: Encode) -> Outgoing:
    value = encode(SCHEMA, as_document(attempt, now_ms()))
    headers: Headers = (("ce_type", SCHEMA.encode()), ("hub_act", KIND.encode()))
    return Outgoing(ACT, attempt.by.encode(), value, headers)


@asynccontextmanager
async def recording(recorder: Recorder) -> AsyncIterator[Recorder]:
    """Let it write until the block ends."""
    task = asyncio.create_task(recorder.run())
    try:
        yield recorder
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await recorder.end()

"""The load generator: so many connections, on each one message after another.

    python -m ops.bench.load  < a job as JSON, answers as JSON

Raw asyncio and httptools in a process of its own: it must cost less than what it measures. All
requests are made before the first is sent. A message counts only if its answer says yes.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

import httptools
import msgspec
import uvloop

from adapters.http.connection import Stream
from ops.bench.messages import Sender

Kind: TypeAlias = Literal["rating", "filing", "progress"]
YES: dict[Kind, bytes] = {"rating": b'"OK"', "filing": b'"OK"', "progress": b"Ma>00<"}
LONGEST = 300.0  # seconds


class Job(msgspec.Struct, frozen=True):
    """What to send: the messages `first` to `first + count`, of one kind."""

    port: int
    kind: Kind
    first: int
    count: int
    connections: int
    token: str
    username: str
    password: str
    filed: str


class Fired(msgspec.Struct, frozen=True):
    """What came of it. `others`: answers that were no yes, by status. Latencies in ms."""

    yes: int
    others: dict[str, int]
    seconds: float
    median_ms: float
    slowest_ms: float  # 99 of 100 were faster


def requests_of(job: Job) -> list[bytes]:
    """The bytes of every message."""
    sender = Sender(job.token, job.username, job.password, job.filed)
    make = {"rating": sender.rating, "filing": sender.filing, "progress": sender.progress}[job.kind]
    return [make(number) for number in range(job.first, job.first + job.count)]


class Volley:
    """The messages of a job and what became of them."""

    def __init__(self, requests: Sequence[bytes], yes: bytes) -> None:
        self._requests = iter(requests)
        self._left = len(requests)
        self._yes = yes
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.over = asyncio.Event()

    def take(self) -> bytes | None:
        """The next request, or None when all are sent."""
        return next(self._requests, None)

    def answered(self, status: int, body: bytes, seconds: float) -> None:
        """Note an answer."""
        self.answers["yes" if status == 200 and self._yes in body else str(status)] += 1
        self.seconds.append(seconds)
        self._left -= 1
        if self._left == 0:
            self.over.set()

    def lost(self) -> None:
        """A connection broke with a message under way."""
        self.answered(0, b"", 0.0)


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, volley: Volley) -> None:
        self._volley = volley
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._stream: Stream | None = None
        self._sent = 0.0
        self._waiting = False
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, Stream):
            self._stream = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._waiting = False
        body, self._body = b"".join(self._body), []
        took = time.perf_counter() - self._sent
        self._volley.answered(self._parser.get_status_code(), body, took)
        self.fire()

    def fire(self) -> None:
        """Send the next message, if there is one."""
        request = self._volley.take()
        if request is None or self._stream is None:
            return
        self._waiting, self._sent = True, time.perf_counter()
        self._stream.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stream = None
        self._gone.set()
        if self._waiting:
            self._volley.lost()

    async def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
        await self._gone.wait()


async def fire(job: Job) -> Fired:
    """Send everything. Raises TimeoutError when that takes longer than LONGEST."""
    volley = Volley(requests_of(job), YES[job.kind])
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(volley), "127.0.0.1", job.port))[1]
        for _ in range(job.connections)
    ]
    started = time.perf_counter()
    for caller in callers:
        caller.fire()
    async with asyncio.timeout(LONGEST):
        await volley.over.wait()
    seconds = time.perf_counter() - started
    for caller in callers:
        await caller.close()
    answers = dict(volley.answers)
    slow = sorted(volley.seconds)
    return Fired(
        yes=answers.pop("yes", 0),
        others=answers,
        seconds=seconds,
        median_ms=slow[len(slow) // 2] * 1_000,
        slowest_ms=slow[len(slow) * 99 // 100] * 1_000,
    )


def main() -> None:
    """Read a job, do it, tell what came of it."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(fire(job))))


if __name__ == "__main__":
    main()

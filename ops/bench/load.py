"""The load generator: so many connections, on each one message after another, or at a given pace.

    python -m ops.bench.load  < a job as JSON, answers as JSON

Raw asyncio and httptools in a process of its own: it must cost less than what it measures. All
requests are made before the first is sent. A message counts only if its answer says yes.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
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
    """Messages, a lane per connection, and what became of them.

    `pace`: messages a second over all lanes, each measured from the moment it was due (so that a
    slow answer does not hide the wait of the next one); 0: each follows the answer before it.
    """

    def __init__(self, lanes: Sequence[Sequence[bytes]], yes: bytes, pace: float = 0.0) -> None:
        self.lanes = lanes
        self._left = sum(len(lane) for lane in lanes)
        self._yes, self._pace = yes, pace
        self.started = 0.0  # by the monotonic clock
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.sent: list[list[float]] = [[] for _ in lanes]  # when, by the monotonic clock
        self.took = 0.0  # seconds, of all
        self.over = asyncio.Event()

    def start(self) -> None:
        """The first message is about to be sent."""
        self.started = time.monotonic()

    def due(self, lane: int, place: int) -> float:
        """When a message of a lane is to be sent, if that is not now."""
        if not self._pace:
            return time.monotonic()
        return self.started + (place * len(self.lanes) + lane) / self._pace

    def answered(self, status: int, body: bytes, seconds: float) -> None:
        """Note an answer."""
        self.answers["yes" if status == 200 and self._yes in body else str(status)] += 1
        self.seconds.append(seconds)
        self._left -= 1
        if self._left == 0:
            self.took = time.monotonic() - self.started
            self.over.set()

    def lost(self) -> None:
        """A connection broke with a message under way or to come."""
        self.answered(0, b"", 0.0)


class Caller(asyncio.Protocol):
    """One connection, and the lane of messages that goes over it."""

    def __init__(self, volley: Volley, lane: int) -> None:
        self._volley, self._lane = volley, lane
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._stream: Stream | None = None
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
        took = time.monotonic() - self._volley.sent[self._lane][-1]
        self._volley.answered(self._parser.get_status_code(), body, took)
        self.fire()

    def fire(self) -> None:
        """Send the next message, if there is one, when it is due."""
        place = len(self._volley.sent[self._lane])
        if place == len(self._volley.lanes[self._lane]):
            return
        due = self._volley.due(self._lane, place)
        self._volley.sent[self._lane].append(due)
        self._waiting = True
        wait = due - time.monotonic()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send, place)
        else:
            self._send(place)

    def _send(self, place: int) -> None:
        if self._stream is not None:
            self._stream.write(self._volley.lanes[self._lane][place])

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stream = None
        self._gone.set()
        unsent = len(self._volley.lanes[self._lane]) - len(self._volley.sent[self._lane])
        for _ in range(unsent + self._waiting):  # the rest of the lane has no connection either
            self._volley.lost()

    async def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
        await self._gone.wait()


async def discharge(volley: Volley, port: int) -> None:
    """Send everything. Raises TimeoutError when that takes longer than LONGEST."""
    loop = asyncio.get_running_loop()
    callers = []
    for lane in range(len(volley.lanes)):
        made = loop.create_connection(partial(Caller, volley, lane), "127.0.0.1", port)
        callers.append((await made)[1])
    volley.start()
    for caller in callers:
        caller.fire()
    async with asyncio.timeout(LONGEST):
        await volley.over.wait()
    for caller in callers:
        await caller.close()


async def fire(job: Job) -> Fired:
    """Do a job. Raises TimeoutError when that takes longer than LONGEST."""
    requests = requests_of(job)
    volley = Volley([requests[i :: job.connections] for i in range(job.connections)], YES[job.kind])
    await discharge(volley, job.port)
    answers = dict(volley.answers)
    slow = sorted(volley.seconds)
    return Fired(
        yes=answers.pop("yes", 0),
        others=answers,
        seconds=volley.took,
        median_ms=slow[len(slow) // 2] * 1_000,
        slowest_ms=slow[len(slow) * 99 // 100] * 1_000,
    )


def main() -> None:
    """Read a job, do it, tell what came of it."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(fire(job))))


if __name__ == "__main__":
    main()

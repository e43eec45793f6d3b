"""A TCP proxy whose faults are switched while it runs, for Kafka and for anything else.

It stands between the hub and one port of loopback, in a thread of its own. What a network can do to
a connection it can do here; what it cannot (an answer missing in the middle of a stream that goes
on) is not offered: a lost answer takes its connection with it, as it does in life.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.faults.frames import Cutter, answered, asked

HOST = "127.0.0.1"
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close() sends a reset
READY = 10.0  # seconds until the thread serves or has ended


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong on the way now; without arguments: nothing.

    `latency`: seconds that each chunk waits, in both directions. `refuse`: new connections are
    reset. `black_hole`: connections stand, but what is sent on them is gone, and stays gone.
    `cut_answers`: a connection is reset when so many bytes of an answer have passed.
    """

    latency: float = 0.0
    refuse: bool = False
    black_hole: bool = False
    cut_answers: int | None = None


class Proxy:
    """`with Proxy(port) as proxy`: connect to `proxy.port` instead. All methods are thread-safe.

    `kafka`: the bytes are Kafka's, so that answers can be lost by what was asked.
    """

    def __init__(self, target: int, *, kafka: bool = False) -> None:
        self.target = target
        self.kafka = kafka
        self.port = 0
        self.faults = Faults()
        self.lost = 0  # answers, so far
        self.struck = 0  # connections that some fault has met, so far
        self._lose: dict[int, tuple[int, Callable[[_Link], None]]] = {}  # by API key: how many yet
        self._links: set[_Link] = set()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def lose_answers(self, api: int, times: int, *, silently: bool = False) -> None:
        """The next `times` answers to this API key are lost, each with its connection.

        The connection is reset, or falls silent.
        """
        act = _Link.forget if silently else _Link.reset
        self._call(lambda: self._lose.update({api: (times, act)}))

    def reset(self) -> None:
        """Reset every connection that stands; new ones are welcome."""
        self._call(lambda: self._each(_Link.reset))

    def half_open(self) -> None:
        """The far end of every connection that stands is gone, and nobody says so."""
        self._call(lambda: self._each(_Link.forget))

    @property
    def connections(self) -> int:
        """How many stand."""
        return len(self._links)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(READY) or not self.port:
            raise OSError("the proxy does not serve")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(READY)

    def loses(self, api: int, link: "_Link") -> bool:
        """Whether this answer is one of those that are lost; belongs to the proxy's thread."""
        left, act = self._lose.get(api, (0, _Link.forget))
        if left:
            self._lose[api] = (left - 1, act)
            self.lost += 1
            act(link)
        return left > 0

    def _each(self, act: "Callable[[_Link], None]") -> None:
        for link in list(self._links):
            act(link)

    def _call(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def acted() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(acted)
        if not done.wait(READY):
            raise OSError("the proxy does not answer")

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        self._each(_Link.reset)
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        if handlers:  # they end by themselves; one that was cancelled would be told as an error
            await asyncio.wait(handlers, timeout=READY)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            if self.faults.refuse:
                self.struck += 1
                _abort(writer)
                return
            try:
                far = await asyncio.open_connection(HOST, self.target)
            except OSError:
                _abort(writer)
                return
            async with _closing(far[1]):
                await self._carry(_Link(self, (reader, writer), far))

    async def _carry(self, link: "_Link") -> None:
        if self._over.is_set():
            link.reset()
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


class _Link:
    """One connection: near is who connected, far the target."""

    def __init__(
        self,
        proxy: Proxy,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._near, self._far = near, far
        self._gone = False  # nothing passes any more, and nobody is told
        self._requests, self._answers = Cutter(), Cutter()
        self._asked: dict[int, int] = {}  # correlation id -> API key

    def reset(self) -> None:
        """Both ends hear of it at once."""
        self._proxy.struck += 1
        _abort(self._near[1])
        _abort(self._far[1])

    def forget(self) -> None:
        """Nothing passes any more."""
        self._proxy.struck += 1
        self._gone = True

    async def run(self) -> None:
        """Carry bytes until an end closes."""
        up = asyncio.create_task(self._pump(self._near[0], self._far[1], self._upward))
        down = asyncio.create_task(self._pump(self._far[0], self._near[1], self._downward))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if self._gone:  # the far end closed, but the near one cannot know
                await up
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passing: Callable[[bytes], Iterator[bytes]],
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._proxy.faults.latency:
                    await asyncio.sleep(self._proxy.faults.latency)
                if self._proxy.faults.black_hole and not self._gone:
                    self.forget()
                if self._gone:
                    continue
                for part in passing(data):
                    writer.write(part)
                await writer.drain()

    def _upward(self, data: bytes) -> Iterator[bytes]:
        if self._proxy.kafka:
            for frame in self._requests.feed(data):
                head = asked(frame)
                self._asked[head.correlation] = head.api
        yield data

    def _downward(self, data: bytes) -> Iterator[bytes]:
        cut = self._proxy.faults.cut_answers
        if cut is not None:
            yield data[:cut]
            self.reset()
        elif self._proxy.kafka:
            for frame in self._answers.feed(data):
                if self._proxy.loses(self._asked.pop(answered(frame), -1), self):
                    return
                yield frame
        else:
            yield data


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Closed with the block, to its very end: the loop may be closed next."""
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _abort(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()

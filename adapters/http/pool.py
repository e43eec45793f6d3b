"""The connections to one origin: how many, which one next, which ones are over.

At most `size` calls hold a place at once; the rest wait in line. The freshest connection is used
first, so that those nobody needs grow old and are closed before the peer closes them: a request
written into a connection that the peer is just closing would be *sent, outcome unknown*.
"""

import asyncio
from collections import deque

from adapters.http.connection import Connection, Origin, RawAnswer
from hub.errors import Retry

IDLE = 4.0  # seconds a connection may lie unused; uvicorn closes its end after 5, others later


class Pool:
    """One origin's connections and places. Belongs to one event loop."""

    __slots__ = ("_busy", "_free", "_idle", "_loop", "_origin", "_waiting")

    def __init__(self, origin: Origin, size: int, loop: asyncio.AbstractEventLoop) -> None:
        self._origin = origin
        self._loop = loop
        self._free = size
        self._busy: set[Connection] = set()
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()

    def enter(self) -> bool:
        """Take a place if one is free."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self, deadline: float) -> None:
        """Stand in line for a place until `deadline`. Raises Retry, nothing sent."""
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((deadline, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave()  # the place was handed over while the call was being cancelled
            raise

    def leave(self) -> None:
        """Hand the place to whoever waits longest, or free it."""
        while self._waiting:
            _, place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def reuse(self) -> Connection | None:
        """The connection used last, if it still stands; dead ones are dropped without a word."""
        while self._idle:
            connection = self._idle.pop()
            if connection.quiet:
                return connection
            connection.close()
        return None

    async def ask(
        self, connection: Connection, head: bytes, body: bytes, deadline: float, answer_bytes: int
    ) -> RawAnswer:
        """One exchange on a connection of this origin; it is kept afterwards if it may be."""
        self._busy.add(connection)
        try:
            return await connection.ask(head, body, deadline, answer_bytes)
        except asyncio.CancelledError:
            connection.fail("the call was cancelled")
            raise
        finally:
            self._busy.discard(connection)
            if connection.usable:
                connection.rest()
                self._idle.append(connection)
            else:
                connection.close()

    def sweep(self) -> None:
        """End what is over its time: calls, those waiting for a place, connections left unused."""
        now = self._loop.time()
        for connection in [busy for busy in self._busy if busy.deadline <= now]:
            connection.fail("no answer within the time limit", TimeoutError())
        for deadline, place in self._waiting:
            if deadline <= now and not place.done():
                place.set_exception(self.unsent("no free connection within the time limit"))
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()
        while self._idle and now - self._idle[0].idle_since > IDLE:
            self._idle.pop(0).close()  # a stack: what was unused for longest lies at its bottom

    def close(self) -> None:
        """End everything."""
        for connection in tuple(self._busy):
            connection.fail("the hub closed the connection")
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        for _, place in self._waiting:
            if not place.done():
                place.set_exception(self.unsent("the hub is closing its connections"))

    def unsent(self, what: str) -> Retry:
        """The error of a call of which no byte was written."""
        return Retry(what, where=str(self._origin), system=True, sent=False)

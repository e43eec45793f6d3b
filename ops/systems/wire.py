"""A small HTTP/1.1 server that can misbehave on purpose.

A simulated system must be able to reset a connection before or after it read a request, to answer
half a body, to stay silent, or to refuse connections: things that a web framework hides. So this
is asyncio and httptools directly. One request of a connection is answered at a time.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TypeAlias

import httptools

MAX_BODY = 16 * 1024 * 1024  # bytes; far above what any contract here allows
MAX_QUEUED = 16  # pipelined requests of one connection before reading pauses
REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole. Header names are lower case; `query` is without the question mark."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = field(repr=False, default=b"")
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, keep_alive: bool) -> bytes:
        """The bytes on the wire, header block and body."""
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        close = "" if keep_alive else "Connection: close\r\n"
        head = (
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
            f"{close}{extra}\r\n"
        )
        return head.encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens on the socket after a request was read.

    `delay`: seconds before it happens. `reset`: RST instead of an answer. `cut`: only this many
    bytes of the body, then the connection closes. `hold`: seconds of silence, then RST.
    """

    reply: Reply | None = None
    delay: float = 0.0
    reset: bool = False
    cut: int | None = None
    hold: float | None = None


Handler: TypeAlias = "Callable[[Request], Plan | Coroutine[object, object, Plan]]"
Doorman: TypeAlias = "Callable[[Request], bool]"  # True: reset before the body is read


@dataclass(slots=True)
class _Reading:
    """The request that is coming in."""

    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, handler: Handler, doorman: Doorman, alive: "set[Connection]") -> None:
        self._handler = handler
        self._doorman = doorman
        self._alive = alive
        self._parser = httptools.HttpRequestParser(self)
        self._reading = _Reading()
        self._queue: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports are no asyncio.Transport.
        self._transport = transport  # type: ignore[assignment] # a TCP connection has a transport
        self._alive.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._closing = True
        self._alive.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except httptools.HttpParserError:
            if not self._closing:
                self._refuse(400)

    # httptools' side

    def on_message_begin(self) -> None:
        self._reading = _Reading()

    def on_url(self, url: bytes) -> None:
        self._reading.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._reading.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._doorman(self._request(b"")):
            self.reset()

    def on_body(self, body: bytes) -> None:
        self._reading.size += len(body)
        if self._reading.size > MAX_BODY:
            self._refuse(413)
        elif not self._closing:
            self._reading.chunks.append(body)

    def on_message_complete(self) -> None:
        if self._closing:
            return
        request = self._request(b"".join(self._reading.chunks))
        self._queue.append((request, bool(self._parser.should_keep_alive())))
        if len(self._queue) >= MAX_QUEUED and self._transport is not None:
            self._transport.pause_reading()
        self._pump()

    # what we do

    def reset(self) -> None:
        """Close with RST: the client sees a broken connection, not an end."""
        self._closing = True
        transport, self._transport = self._transport, None
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._busy

    def finish(self) -> None:
        """Close without a further answer."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.close()

    def _request(self, body: bytes) -> Request:
        method = self._parser.get_method().decode("latin-1")
        url = self._reading.url.decode("latin-1")
        path, _, query = url.partition("?")
        return Request(method, path, query, self._reading.headers, body)

    def _refuse(self, status: int) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.write(Reply(status).encode(keep_alive=False))
            self._transport.close()

    def _pump(self) -> None:
        if self._busy or self._closing or not self._queue:
            return
        self._busy = True
        request, keep_alive = self._queue.popleft()
        try:
            outcome = self._handler(request)
        except Exception as error:  # noqa: BLE001 - httptools would swallow it; a bug must be seen
            facts = {"message": "a bug of the simulated system", "exception": error}
            asyncio.get_running_loop().call_exception_handler(facts)
            outcome = Plan(Reply(500, b"bug", "text/plain"))
        if isinstance(outcome, Plan):
            self._carry_out(outcome, keep_alive=keep_alive)
        else:
            self._task = asyncio.ensure_future(self._wait(outcome, keep_alive=keep_alive))

    async def _wait(self, outcome: Coroutine[object, object, Plan], *, keep_alive: bool) -> None:
        plan = await outcome
        self._task = None
        self._carry_out(plan, keep_alive=keep_alive)

    def _carry_out(self, plan: Plan, *, keep_alive: bool) -> None:
        if plan.delay > 0:
            later = Plan(plan.reply, 0.0, plan.reset, plan.cut, plan.hold)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(
                plan.delay, lambda: self._carry_out(later, keep_alive=keep_alive)
            )
        elif plan.reset:
            self.reset()
        elif plan.hold is not None or plan.reply is None:
            self._timer = asyncio.get_running_loop().call_later(plan.hold or 0.0, self.reset)
        else:
            self._send(plan.reply, plan.cut, keep_alive=keep_alive)

    def _send(self, reply: Reply, cut: int | None, *, keep_alive: bool) -> None:
        self._busy = False
        if self._transport is None or self._closing:
            return
        whole = reply.encode(keep_alive=keep_alive)
        if cut is not None:
            self._transport.write(whole[: len(whole) - len(reply.body) + cut])
        else:
            self._transport.write(whole)
        if cut is not None or not keep_alive:
            self._closing = True
            self._transport.close()
            return
        if self._queue:
            self._transport.resume_reading()
            asyncio.get_running_loop().call_soon(self._pump)

"""One connection to a peer: one request in flight, one parser for its whole life.

The hot path has no coroutine per byte and no timer per call: the loop hands bytes to a parser, the
parser calls back, the last callback resolves one future. What a peer may make us keep is bounded
here: bytes and number of headers, bytes of the body, interim answers. An answer that breaks a rule
of HTTP or one of these bounds ends the connection and counts as *sent, outcome unknown*.
"""

import asyncio
from typing import Any, NamedTuple, Protocol, runtime_checkable

import httptools
import msgspec

from adapters.http.arrivals import Arrivals
from adapters.http.reach import PUBLIC, Reach
from hub.errors import Retry

HEAD_BYTES = 65_536  # of one answer's headers; common servers stop at 8 to 64 KiB themselves
HEADERS = 128  # lines of one answer, trailers included
INTERIM = 8  # answers of the 1xx class before the real one
FRAMING = 8  # a peer may spend so many bytes on the wire for each byte of the body
FINAL = 200  # statuses below are interim answers


class Origin(NamedTuple):
    """Where connections go. `tls` is an ssl.SSLContext, None for plain http.

    `reach` belongs to it: who may call fewer addresses never gets another's connection.
    """

    host: str  # a name or an address, without brackets
    port: int
    tls: object = None
    reach: Reach = PUBLIC

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


class RawAnswer(msgspec.Struct, frozen=True):
    """An answer as it was read. Header names keep the case of the wire."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def fields(self) -> dict[str, str]:
        """Headers by lower-case name; repeated ones are joined with a comma (RFC 9110 5.3)."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found


@runtime_checkable
class Stream(Protocol):
    """What is used of a transport; uvloop's are no asyncio.Transport."""

    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool: ...
    def get_write_buffer_size(self) -> int: ...
    def get_extra_info(self, name: str) -> Any: ...


class _BoundError(Exception):
    """Raised in a parser callback to stop the parser; the text tells which bound was passed."""


class Connection(asyncio.Protocol):
    """Callbacks of the event loop and of httptools. Used by one exchange at a time.

    `deadline` is on the loop's clock; who owns the connection looks at it and calls `fail`.
    """

    __slots__ = (
        "_answer_bytes",
        "_arrivals",
        "_body",
        "_fields",
        "_head_bytes",
        "_head_only",
        "_header_count",
        "_in_head",
        "_interim",
        "_loop",
        "_mark",
        "_origin",
        "_parser",
        "_raw_bytes",
        "_reusable",
        "_transport",
        "_waiter",
        "deadline",
        "idle_since",
    )

    def __init__(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> None:
        self._origin = origin
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._transport: Stream | None = None
        self._arrivals: Arrivals | None = None  # while it is connected
        self._waiter: asyncio.Future[RawAnswer] | None = None
        self._reusable = True
        self._fields: list[tuple[bytes, bytes]] = []
        self._body: bytes | bytearray = b""
        self.deadline = 0.0
        self.idle_since = 0.0
        self._begin(0, head_only=False)

    # -- for the pool

    @property
    def usable(self) -> bool:
        """Whether the connection may be kept for another request."""
        transport = self._transport
        return self._reusable and transport is not None and not transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Usable, and nothing arrived that the loop has not read yet, such as the peer's close.

        Costs a microsecond, and spares a request that would be *sent, outcome unknown*.
        """
        return self.usable and self._arrivals is not None and self._arrivals.nothing()

    def ask(
        self, head: bytes, body: bytes, deadline: float, answer_bytes: int
    ) -> asyncio.Future[RawAnswer]:
        """Write one request; the future holds its answer or a Retry."""
        transport = self._transport
        if transport is None or self._waiter is not None:
            raise RuntimeError("a connection carries one request at a time")
        waiter: asyncio.Future[RawAnswer] = self._loop.create_future()
        self._waiter = waiter
        self.deadline = deadline
        self._begin(answer_bytes, head_only=head.startswith(b"HEAD "))
        transport.write(head + body if body else head)
        return waiter

    def fail(self, what: str, cause: Exception | None = None) -> None:
        """End the exchange in flight, if any, as sent with unknown outcome; drop the connection."""
        self._reusable = False
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            error = Retry(what, where=str(self._origin), system=True, sent=True)
            error.__cause__ = cause
            waiter.set_exception(error)
        if self._transport is not None:
            self._transport.abort()

    def rest(self) -> None:
        """Note since when nobody uses it."""
        self.idle_since = self._loop.time()

    def close(self) -> None:
        """Close in good order; for connections that carry nothing."""
        self._reusable = False
        if self._transport is not None:
            self._transport.close()

    # -- callbacks of the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, Stream):
            raise TypeError("a stream transport is needed")
        self._transport = transport
        self._arrivals = Arrivals(transport.get_extra_info("socket").fileno())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._arrivals is not None:
            self._arrivals.close()
            self._arrivals = None
        if self._waiter is not None and exc is None and self._ends_with_connection():
            self._finish()
        elif self._waiter is not None:
            started = "within the answer" if self._raw_bytes else "before it answered"
            self.fail(f"the peer closed the connection {started}", exc)
        self._reusable = False
        self._transport = None

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.fail("")  # nobody asked: whatever it is, it must not answer the next request
            return
        self._raw_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail("the peer switched to another protocol")
        except httptools.HttpParserError as error:
            bound = error.__context__
            self.fail(str(bound) if isinstance(bound, _BoundError) else "the answer is not HTTP")
        else:
            self._check_bytes()

    # -- callbacks of the parser

    def on_message_begin(self) -> None:
        if self._waiter is None:  # a second answer right behind the first
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._mark = self._raw_bytes
        self._head_bytes += len(name) + len(value) + 4
        self._header_count += 1
        if self._in_head:  # a trailer must not pose as a header
            self._fields.append((name, value))
        if self._head_bytes > HEAD_BYTES or self._header_count > HEADERS:
            raise _BoundError(f"more than {HEADERS} headers or {HEAD_BYTES} bytes of them")

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_only and self._parser.get_status_code() >= FINAL:
            self._reusable = False  # the parser would wait for a body that does not come
            self._finish()

    def on_body(self, data: bytes) -> None:
        if self._waiter is None:
            return
        self._mark = self._raw_bytes
        body = self._body
        if not body:
            self._body = data
        elif isinstance(body, bytearray):
            body += data
        else:
            self._body = bytearray(body) + data
        if len(self._body) > self._answer_bytes:
            raise _BoundError(f"the answer is larger than {self._answer_bytes} bytes")

    def on_message_complete(self) -> None:
        if self._waiter is None:
            return
        if self._parser.get_status_code() >= FINAL:
            self._reusable = self._reusable and self._parser.should_keep_alive()
            self._finish()
            return
        self._interim += 1
        if self._interim > INTERIM:
            raise _BoundError(f"more than {INTERIM} interim answers")
        self._fields = []
        self._in_head = True

    # -- inside

    def _begin(self, answer_bytes: int, *, head_only: bool) -> None:
        self._answer_bytes = answer_bytes
        self._head_only = head_only
        self._in_head = True
        self._interim = 0
        self._raw_bytes = 0
        self._mark = 0
        self._head_bytes = 0
        self._header_count = 0
        self._fields = []
        self._body = b""

    def _finish(self) -> None:
        waiter, self._waiter = self._waiter, None
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size():
            self._reusable = False  # answered before it had read the whole request
        if waiter is None or waiter.done():
            return
        answer = RawAnswer(self._parser.get_status_code(), tuple(self._fields), bytes(self._body))
        self._fields, self._body = [], b""
        waiter.set_result(answer)

    def _check_bytes(self) -> None:
        if self._waiter is None:
            return
        if self._raw_bytes - self._mark > HEAD_BYTES:
            self.fail(f"{HEAD_BYTES} bytes in a row are neither a whole header nor body")
        elif self._raw_bytes > HEAD_BYTES + FRAMING * (self._answer_bytes + HEAD_BYTES):
            self.fail("the answer's framing is larger than any honest answer's")

    def _ends_with_connection(self) -> bool:
        """Whether the answer told neither its length nor chunks, so that the close ends it."""
        if self._in_head:
            return False
        names = {name.lower() for name, _ in self._fields}
        return not names & {b"content-length", b"transfer-encoding"}

"""The one way out: our own HTTP/1.1 transport.

Outbound HTTP is the bottleneck of the product: the client of httpx makes 250 to 680 calls a second
on one core, a parser behind plain callbacks more than ten times that (ops/bench/http_calls.py shows
the ratio). So delivery calls `exchange` with ready bytes; httpx's own clients work over the same
connections through `handle_async_request`.

What is always true: one request at a time on a connection (never pipelined); nothing is sent twice
by itself; a redirect is an answer; every call ends within its time limit; an address is checked
after its name was resolved, and it is that address to which the connection goes: what a name means
a moment later changes nothing (adapters.http.reach).
"""

import asyncio
import ssl
from contextlib import suppress
from ipaddress import ip_address

import httpx

from adapters.http.connection import Connection, Origin, RawAnswer
from adapters.http.pool import Pool
from adapters.http.reach import PUBLIC, Reach
from adapters.http.tls import client_context
from hub.errors import Halt, HubError, Retry

SWEEP = 0.25  # seconds between two looks at the clocks; a call may overrun its limit by so much
ANSWER_BYTES = 4_194_304
CONNECT_TIMEOUT = 5.0  # seconds
ADDRESSES = 4  # a silent address takes at least this part of what is left of the connect time
TIMEOUT = 60.0  # seconds, where an httpx request does not say

__all__ = ["Origin", "RawAnswer", "Transport"]


class Transport(httpx.AsyncBaseTransport):
    """Connections per origin, shared by every call of one event loop.

    `connections`: most connections to one origin; further calls wait for a place.
    `reach` and `tls`: for calls that come through httpx; an Origin of `exchange` brings its own.
    Use it as an async context manager, or call `aclose`.
    """

    def __init__(
        self,
        *,
        connections: int = 64,
        reach: Reach = PUBLIC,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = connections
        self._reach = reach
        self._tls = tls
        self._pools: dict[Origin, Pool] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- one sweep serves all calls; a timer per call is slower
        answer_bytes: int = ANSWER_BYTES,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> RawAnswer:
        """Send `head` (request line and headers, with the empty line) and `body`, read the answer.

        `timeout` is in seconds for everything together; it is looked at every 250 ms.
        `connect_timeout` is for name, connection and TLS together. Any status is an answer.
        Raises Retry(system=True): `sent=False` as long as no byte of the request was written,
        `sent=True` from then on (closed, timed out, not HTTP, too large). Raises Halt if no address
        of the origin may be called.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        pool = self._pools.get(origin) or self._open_pool(origin, loop)
        if not pool.enter():
            await pool.wait(deadline)
        try:
            connection = pool.reuse()
            if connection is None:
                limit = min(deadline, loop.time() + connect_timeout)
                connection = await self._connect(pool, origin, limit, loop)
            return await pool.ask(connection, head, body, deadline, answer_bytes)
        finally:
            pool.leave()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The entry for httpx's clients. Errors are httpx's: ConnectError, ReadError, ReadTimeout.

        The time limit is the request's `read` time-out, taken for the whole call. Compressed
        answers are not asked for and not accepted: a small one can unpack to gigabytes.
        """
        url = request.url
        tls = (self._tls or client_context()) if url.scheme == "https" else None
        port = url.port or (443 if tls else 80)
        origin = Origin(url.raw_host.decode("ascii"), port, tls, self._reach)
        limit = request.extensions.get("timeout", {}).get("read") or TIMEOUT
        body = await request.aread()
        try:
            answer = await self.exchange(origin, _head(request, len(body)), body, limit)
        except HubError as error:
            raise _as_httpx(error, request) from error
        if answer.fields().get("content-encoding", "identity") != "identity":
            raise httpx.RemoteProtocolError("the answer is compressed", request=request)
        return httpx.Response(
            answer.status, headers=list(answer.headers), stream=httpx.ByteStream(answer.body)
        )

    async def aclose(self) -> None:
        """Close every connection; calls in flight end as sent with unknown outcome."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        await asyncio.sleep(0)  # lets the event loop close what was told to close

    # -- inside

    def _open_pool(self, origin: Origin, loop: asyncio.AbstractEventLoop) -> Pool:
        if self._closed:
            raise RuntimeError("the transport is closed")
        pool = self._pools[origin] = Pool(origin, self._connections, loop)
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP, self._sweep, loop)
        return pool

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        for pool in self._pools.values():
            pool.sweep()
        self._sweeping = loop.call_later(SWEEP, self._sweep, loop)

    async def _connect(
        self, pool: Pool, origin: Origin, limit: float, loop: asyncio.AbstractEventLoop
    ) -> Connection:
        try:
            async with asyncio.timeout_at(limit):
                connection = await self._connect_any(origin, limit, loop)
        except TimeoutError as error:
            raise pool.unsent("no connection within the time limit") from error
        except ssl.SSLError as error:
            raise pool.unsent(f"TLS failed: {error.reason or type(error).__name__}") from error
        except OSError as error:
            raise pool.unsent(f"no connection: {error.strerror or error}") from error
        if self._closed:
            connection.close()
            raise pool.unsent("the hub is closing its connections")
        return connection

    async def _connect_any(
        self, origin: Origin, limit: float, loop: asyncio.AbstractEventLoop
    ) -> Connection:
        found = {ip: origin.reach.refusal(ip) for ip in await _resolve(origin, loop)}
        allowed = [ip for ip, refusal in found.items() if refusal is None]
        if not allowed:
            kinds = ", ".join(f"{ip} is {kind}" for ip, kind in found.items())
            raise Halt(
                f"may not be called: {kinds}",
                where=str(origin),
                fix="correct the endpoint, or let the registration allow_addresses",
            )
        for tried, ip in enumerate(allowed[:-1]):
            share = (limit - loop.time()) / min(len(allowed) - tried, ADDRESSES)
            with suppress(OSError):  # TimeoutError is one
                async with asyncio.timeout(share):
                    return await _connect_one(origin, ip, loop)
        return await _connect_one(origin, allowed[-1], loop)


async def _resolve(origin: Origin, loop: asyncio.AbstractEventLoop) -> list[str]:
    try:
        return [str(ip_address(origin.host))]  # no thread, no resolver
    except ValueError:
        try:
            found = await loop.getaddrinfo(origin.host, origin.port)
        except UnicodeError as error:  # a name that the resolver's IDNA cannot even encode
            raise Halt(
                "its host name cannot exist", where=str(origin), fix="correct the endpoint"
            ) from error
        return list(dict.fromkeys(str(row[4][0]) for row in found))


async def _connect_one(origin: Origin, ip: str, loop: asyncio.AbstractEventLoop) -> Connection:
    tls = origin.tls if isinstance(origin.tls, ssl.SSLContext) else None
    _, connection = await loop.create_connection(
        lambda: Connection(origin, loop),
        ip,
        origin.port,
        ssl=tls,
        server_hostname=origin.host if tls else None,
    )
    return connection


def _head(request: httpx.Request, size: int) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    dropped = {b"accept-encoding", b"transfer-encoding", b"content-length", b"connection"}
    lines += [b"%s: %s" % pair for pair in request.headers.raw if pair[0].lower() not in dropped]
    if size or request.method in ("POST", "PUT", "PATCH"):
        lines.append(b"content-length: %d" % size)
    return b"\r\n".join((*lines, b"", b""))


def _as_httpx(error: HubError, request: httpx.Request) -> httpx.TransportError:
    late = isinstance(error.__cause__, TimeoutError)
    if isinstance(error, Retry) and error.sent:
        kind: type[httpx.TransportError] = httpx.ReadTimeout if late else httpx.ReadError
    else:
        kind = httpx.ConnectTimeout if late else httpx.ConnectError
    return kind(str(error), request=request)

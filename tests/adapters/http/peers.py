"""Peers for tests: each connection runs a little script against the client, on the loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from adapters.http.reach import reach
from adapters.http.transport import Origin

LOOPBACK = ("127.0.0.0/8", "::1")
HERE = reach(LOOPBACK)
DEADLINE = 20.0  # seconds after which a test fails instead of hanging

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def run(work: Callable[[], Awaitable[T]], loop_factory: LoopFactory | None = None) -> T:
    """Run `work` in an event loop of its own, for a bounded time."""

    async def bounded() -> T:
        async with asyncio.timeout(DEADLINE):
            return await work()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(bounded())


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that runs `script` for each connection; gives its port. Ends them all on leaving."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0, ssl=tls, limit=1 << 22)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def origin(port: int, tls: ssl.SSLContext | None = None) -> Origin:
    return Origin("127.0.0.1", port, tls, HERE)


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of one request."""
    head = await reader.readuntil(b"\r\n\r\n")
    size = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    return head, await reader.readexactly(size)


def answering(*answers: bytes) -> Script:
    """A peer that gives these answers, one for each request, then closes."""
    left = list(answers)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left:
            await read_request(reader)
            writer.write(left.pop(0))
            await writer.drain()

    return script


def ok(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"HTTP/1.1 " + status, *headers, b"content-length: %d" % len(body), b"", body)
    return b"\r\n".join(lines)

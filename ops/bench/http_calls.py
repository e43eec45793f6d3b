"""How many calls a second: our transport against httpx's own client, in one run.

    python -m ops.bench http

A peer in a process of its own answers every POST of 1 KB with a short JSON document. 32 calls are
in flight at any time. Only the ratio counts: machines differ, and drift within minutes.
"""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection as Pipe
from time import perf_counter

import httptools
import httpx

from adapters.http.reach import reach
from adapters.http.transport import Origin, Transport
from ops.bench.figures import Figure

CALLS = 32
BASE = "httpx client as it comes"
BODY = b'{"x": "' + b"a" * 1_000 + b'"}'
ANSWER = (
    b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{"ok":  true}'
)


class Peer(asyncio.Protocol):
    """Answers when a request is complete."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.write(ANSWER)


def peer(pipe: Pipe) -> None:
    """Serve on a free port, tell it, until the parent process ends us."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def rate(call: Callable[[], Awaitable[object]], seconds: float) -> float:
    """Calls a second, with CALLS of them in flight."""
    until = perf_counter() + seconds
    done = 0

    async def one_after_another() -> None:
        nonlocal done
        while perf_counter() < until:
            await call()
            done += 1

    started = perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CALLS):
            tasks.create_task(one_after_another())
    return done / (perf_counter() - started)


async def compare(port: int, seconds: float) -> dict[str, float]:
    """Calls a second of each way to send the same request."""
    url = f"http://127.0.0.1:{port}/ho-so"
    here = reach(("127.0.0.1",))
    origin = Origin("127.0.0.1", port, reach=here)
    head = (
        f"POST /ho-so HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(BODY)}\r\n\r\n"
    ).encode()
    headers = {"content-type": "application/json"}
    rates = {}
    async with Transport(connections=CALLS, reach=here) as transport:
        rates["exchange"] = await rate(lambda: transport.exchange(origin, head, BODY, 30), seconds)
        rates["transport with httpx types"] = await rate(
            lambda: transport.handle_async_request(
                httpx.Request("POST", url, headers=headers, content=BODY)
            ),
            seconds,
        )
        client = httpx.AsyncClient(transport=transport, trust_env=False)
        rates["httpx client on our transport"] = await rate(
            lambda: client.post(url, headers=headers, content=BODY), seconds
        )
    limits = httpx.Limits(max_connections=CALLS)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        rates[BASE] = await rate(lambda: client.post(url, headers=headers, content=BODY), seconds)
    return rates


def http(seconds: float = 2.0) -> list[Figure]:
    """Calls a second, and how many times those of httpx's client that is."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=peer, args=(theirs,), daemon=True)
    process.start()
    try:
        rates = asyncio.run(compare(ours.recv(), seconds))
    finally:
        process.terminate()
        process.join(5)
    base = rates[BASE]
    return [
        Figure("http", name, "calls/s", (value,), note=f"{value / base:.1f} x")
        for name, value in rates.items()
    ]

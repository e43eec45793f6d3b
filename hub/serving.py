"""How a process of the hub serves HTTP, tells where, hears the stop, and ends.

uvicorn's own signal handling and logging are not used: the stop has an order (no new requests, wait
for those under way, then what is behind them), and logs are ours.
"""

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.dev import runfiles
from hub.errors import Halt, Retry
from hub.log import get_logger, place_of
from hub.settings import Settings, Tls

log = get_logger("hub")
CERTIFICATE = "certificate"  # in the scope's state: subject of a verified client certificate
START = 10.0  # seconds until the server must listen
AGAIN = 1.0  # seconds until a process that could not begin tries again
GRACE = 6  # seconds that requests under way get
# New objects until the collector looks for cycles among them; some 2 MB. Python's 700 are a few
# events' own: a worker spent 5.7 % of its processor time on looking, with these 1.4 %.
YOUNG = 10_000
HEAD_SECONDS = 10.0  # for the head of a request to arrive whole
MOST_CONNECTIONS = 2_000  # at once; one with requests on it costs 55 KB
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)
HEAD_BYTES = 65_536  # of it, and of what came with its last bytes


@asynccontextmanager
async def serving(
    app: object, name: str, settings: Settings, tls: Tls | None = None
) -> AsyncIterator[str]:
    """Serve `app` and publish the address until the block ends. Yields the URL.

    With `tls`, over https; a verified client certificate stands in the scope's state.

    Raises Halt if the address cannot be bound.
    """
    listener = _bind(*settings.listen)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # any ASGI application
        http=_Bounded,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=tls.client_ca if tls else None,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if tls and tls.client_ca else ssl.CERT_NONE,
        loop="none",
        proxy_headers=False,  # a header is but the caller's word
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        limit_concurrency=None,
        backlog=2048,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # ours
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(START):
            while not server.started:
                if task.done():
                    task.result()
                    raise Halt("the server ended before it listened", where=name)
                await asyncio.sleep(0.005)
        shown = f"[{host}]" if ":" in host else host
        url = f"{'https' if tls else 'http'}://{shown}:{port}"
        # What is there now stays; the collector need not walk contracts and schemas ever again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG)
        with runfiles.publish(settings.home, name, url):
            yield url
    finally:
        server.should_exit = True
        await task


class _Bounded(HttpToolsProtocol):
    """uvicorn's protocol, with bounds: connections, and how long and large a request's head may be.

    uvicorn waits for ever for a head that drips, and keeps all of it. Tells the application who a
    client's certificate names.
    """

    _head: asyncio.TimerHandle | None = None  # while a head is awaited
    _taken = 0  # bytes since then

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(FULL)
            transport.close()
            return
        found = transport.get_extra_info("peercert") or {}
        subject = {name: value for part in found.get("subject", ()) for name, value in part}
        if subject:
            self.app_state = {**self.app_state, CERTIFICATE: subject}
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head is not None:
            self._taken += len(data)
            if self._taken > HEAD_BYTES:
                self.transport.close()
        elif self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]  # None at first
            self._await_head()  # of the next request; empty lines before it begin nothing

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._taken = 0
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_came(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


async def ended(close: Callable[[], None], seconds: float, name: str) -> None:
    """Run a blocking `close` and wait for it, at most so long: what hangs dies with the process.

    (`asyncio.to_thread` would wait for it after all, at the end of the loop.)
    """
    done = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            close()
        except Exception as error:  # noqa: BLE001 - it is told below
            failures.append(error)
        finally:
            done.set()

    threading.Thread(target=work, name=f"end-{name}", daemon=True).start()
    await asyncio.to_thread(done.wait, seconds)
    if not done.is_set():
        log.warning("end_incomplete", what=name, seconds=seconds)
    elif failures:
        error = failures[0]
        log.warning("end_failed", what=name, error=type(error).__name__, at=place_of(error))


def run(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `main` until it ends; SIGTERM and SIGINT set the event that it is given.

    Where it raises Retry (broker or registry cannot be reached), it is begun again: processes that
    are started together, or come back after a power cut, come in any order.
    """

    async def start() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        while not stop.is_set():
            try:
                await main(stop)
                return  # noqa: TRY300 - it ended by itself
            except Retry as error:
                log.warning("start_postponed", where=error.where, reason=error.what, fix=error.fix)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN)

    uvloop_run = _runner()
    uvloop_run(start())


def _runner() -> Callable[..., None]:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return asyncio.run
    return uvloop.run


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Halt(
            f"cannot listen on {host}:{port} ({error.strerror})",
            where="HUB_LISTEN",
            fix="choose another port, or 0 for a free one",
        ) from error
    listener.set_inheritable(True)
    return listener

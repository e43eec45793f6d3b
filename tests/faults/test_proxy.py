"""The proxy does to connections what it says, and nothing when nothing is asked."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Self

import pytest

from hub.dev.waiting import until
from tests.faults.frames import FETCH, OFFSET_COMMIT, PRODUCE, Cutter, asked
from tests.faults.proxy import Faults, Proxy

pytestmark = pytest.mark.process
SOON = 5.0  # seconds
SILENCE = 0.3  # seconds in which nothing may come


class Server:
    """Answers each Kafka request with its correlation id and API key, counting what came."""

    def __init__(self) -> None:
        self.came: list[int] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(SOON)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._talk, sock=self._listener)
        await self._over.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        if talking:
            await asyncio.wait(talking, timeout=SOON)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cutter = Cutter()
        self._writers.add(writer)
        try:
            with suppress(OSError):  # a reset is what some tests are about
                while data := await reader.read(1000):
                    for frame in cutter.feed(data):
                        head = asked(frame)
                        self.came.append(head.api)
                        writer.write(struct.pack(">iih", 6, head.correlation, head.api))
        finally:
            self._writers.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.port, kafka=True) as proxy:
        yield proxy


class Client:
    """A connection through the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.socket = socket.create_connection(("127.0.0.1", proxy.port), SOON)
        self._correlation = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, api: int) -> int:
        """The API key that the answer names."""
        self.send(api)
        return self.hear()

    def send(self, api: int) -> None:
        self._correlation += 1
        self.socket.sendall(struct.pack(">ihhi", 8, api, 1, self._correlation))

    def hear(self) -> int:
        got = b""
        while len(got) < 10:
            part = self.socket.recv(10 - len(got))
            if not part:
                raise ConnectionError("closed")
            got += part
        _, correlation, api = struct.unpack(">iih", got)
        assert correlation == self._correlation
        return int(api)

    def hears_nothing(self) -> bool:
        self.socket.settimeout(SILENCE)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        return False  # not even that the other end has gone


def test_without_faults_everything_passes(proxy: Proxy) -> None:
    with Client(proxy) as one, Client(proxy) as other:
        assert [one.ask(api) for api in (PRODUCE, FETCH)] == [PRODUCE, FETCH]
        assert other.ask(FETCH) == FETCH
        assert proxy.connections == 2
    assert until(lambda: proxy.connections == 0, SOON)


def test_latency_delays_question_and_answer(proxy: Proxy) -> None:
    proxy.faults = Faults(latency=0.1)
    with Client(proxy) as client:
        began = time.monotonic()
        assert client.ask(FETCH) == FETCH
        assert time.monotonic() - began >= 0.2


def test_a_reset_is_heard_at_once_and_new_connections_work(proxy: Proxy) -> None:
    with Client(proxy) as client:
        client.ask(FETCH)
        proxy.reset()
        with pytest.raises(ConnectionError):
            client.hear()
    with Client(proxy) as client:
        assert client.ask(FETCH) == FETCH


def test_refused_connections_are_reset(proxy: Proxy) -> None:
    proxy.faults = Faults(refuse=True)
    with pytest.raises(ConnectionError), Client(proxy) as client:
        client.ask(FETCH)
    proxy.faults = Faults()
    with Client(proxy) as client:
        assert client.ask(FETCH) == FETCH


def test_a_target_that_is_away_is_a_reset(server: Server) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # nobody listens
        away: int = reserved.getsockname()[1]
        with Proxy(away) as proxy, pytest.raises(ConnectionError), Client(proxy) as client:
            client.ask(FETCH)


def test_half_open_connections_stay_silent_and_new_ones_work(server: Server, proxy: Proxy) -> None:
    with Client(proxy) as client:
        client.ask(FETCH)
        proxy.half_open()
        client.send(PRODUCE)
        assert client.hears_nothing()
        with Client(proxy) as fresh:
            assert fresh.ask(FETCH) == FETCH
        server.close()  # the far end goes, and the near one is not told
        assert client.hears_nothing()
    assert server.came == [FETCH, FETCH]


def test_what_fell_into_a_black_hole_never_comes_out(server: Server, proxy: Proxy) -> None:
    with Client(proxy) as client, Client(proxy) as quiet:
        client.ask(FETCH)
        proxy.faults = Faults(black_hole=True)
        client.send(PRODUCE)
        assert client.hears_nothing()
        proxy.faults = Faults()
        client.send(PRODUCE)
        assert client.hears_nothing()
        assert quiet.ask(FETCH) == FETCH  # it sent nothing while the hole was there
    assert server.came == [FETCH, FETCH]


def test_an_answer_can_be_cut_in_its_middle(server: Server, proxy: Proxy) -> None:
    proxy.faults = Faults(cut_answers=5)
    with Client(proxy) as client:
        client.send(FETCH)
        assert client.socket.recv(5, socket.MSG_WAITALL) == b"\0\0\0\6\0"
        with pytest.raises(ConnectionError):
            client.hear()
    assert server.came == [FETCH]


def test_lost_answers_take_their_connection_with_them(server: Server, proxy: Proxy) -> None:
    proxy.lose_answers(OFFSET_COMMIT, 2)
    for number in (1, 2):
        with Client(proxy) as client:
            assert client.ask(PRODUCE) == PRODUCE
            client.send(OFFSET_COMMIT)
            with pytest.raises(ConnectionError):
                client.hear()
        assert proxy.lost == number
    with Client(proxy) as client:
        assert client.ask(OFFSET_COMMIT) == OFFSET_COMMIT
    assert server.came.count(OFFSET_COMMIT) == 3, "the question itself has always arrived"


def test_an_answer_can_be_lost_without_a_word(server: Server, proxy: Proxy) -> None:
    proxy.lose_answers(PRODUCE, 1, silently=True)
    with Client(proxy) as client:
        client.send(PRODUCE)
        assert until(lambda: proxy.lost == 1, SOON)
        assert client.hears_nothing()
    assert server.came == [PRODUCE]

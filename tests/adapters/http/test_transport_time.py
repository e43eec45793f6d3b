"""What the transport does as time passes and names change, on a loop whose clock the test moves."""

import asyncio
import socket
from typing import Any

import pytest

from adapters.http.pool import IDLE
from adapters.http.reach import reach
from adapters.http.transport import Origin, Transport
from hub.errors import Halt, Retry
from tests.adapters.http.peers import HERE, answering, ok, origin, peer, read_request, run

pytestmark = pytest.mark.process

GET = b"GET /x HTTP/1.1\r\nhost: peer.test\r\n\r\n"


class Loop(asyncio.SelectorEventLoop):
    """Time can be moved forward; every name has the addresses that the test gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0
        self.addresses: list[str] = []
        self.silent: frozenset[str] = frozenset()  # addresses behind a wall that drops packets

    def time(self) -> float:
        return super().time() + self.ahead

    async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> Any:
        if host != "peer.test":
            return await super().getaddrinfo(host, port, **more)
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*stream, (address, port)) for address in self.addresses]

    async def create_connection(self, *args: Any, **more: Any) -> Any:
        if args[1] in self.silent:
            await asyncio.Event().wait()
        return await super().create_connection(*args, **more)


def loop() -> Loop:
    running = asyncio.get_running_loop()
    assert isinstance(running, Loop)
    return running


def test_a_connection_that_nobody_needs_is_closed_before_the_peer_does() -> None:
    closed = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(ok(b"1"))
        assert b"" == await reader.read()
        closed.set()

    async def work() -> None:
        async with peer(script) as port, Transport() as transport:
            await transport.exchange(origin(port), GET, b"", 10)
            loop().ahead += IDLE + 1
            await closed.wait()

    run(work, Loop)


def test_a_call_ends_when_its_time_is_over_however_long_that_is() -> None:
    asked = asyncio.Event()

    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        await reader.read()

    async def work() -> None:
        async with peer(script) as port, Transport() as transport:
            call = asyncio.create_task(transport.exchange(origin(port), GET, b"", 3_600))
            await asked.wait()
            loop().ahead += 3_500
            done, _ = await asyncio.wait({call}, timeout=0.6)
            assert not done
            loop().ahead += 101
            await call

    with pytest.raises(Retry) as caught:
        run_long(work)
    assert (True, True) == (caught.value.system, caught.value.sent)


def run_long(work: Any) -> None:
    """Like `run`, without a time limit on the clock that the test moves."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work())


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer() -> None:
    async def work() -> bytes:
        async with peer(answering(ok(b"here"))) as port, Transport() as transport:
            loop().addresses = ["127.0.0.2", "127.0.0.1"]
            return (
                await transport.exchange(Origin("peer.test", port, reach=HERE), GET, b"", 10)
            ).body

    assert b"here" == run(work, Loop)


@pytest.mark.parametrize("walls", [1, 2, 9])
def test_an_address_that_says_nothing_leaves_time_for_the_others(walls: int) -> None:
    async def work() -> bytes:
        async with peer(answering(ok(b"here"))) as port, Transport() as transport:
            loop().addresses = [f"127.0.1.{n + 1}" for n in range(walls)] + ["127.0.0.1"]
            loop().silent = frozenset(loop().addresses[:-1])
            there = Origin("peer.test", port, reach=HERE)
            return (await transport.exchange(there, GET, b"", 10, connect_timeout=1.0)).body

    assert b"here" == run(work, Loop)


def test_where_no_address_answers_the_connect_time_is_the_limit() -> None:
    async def work() -> float:
        async with Transport() as transport:
            loop().addresses = ["127.0.1.1", "127.0.1.2"]
            loop().silent = frozenset(loop().addresses)
            started, there = loop().time(), Origin("peer.test", 1, reach=HERE)
            with pytest.raises(Retry, match="time limit") as caught:
                await transport.exchange(there, GET, b"", 10, connect_timeout=0.2)
            assert (True, False) == (caught.value.system, caught.value.sent)
            return loop().time() - started

    assert 0.15 < run(work, Loop) < 5


def test_a_name_that_moves_to_a_forbidden_address_is_not_followed() -> None:
    """What counts is the address that is connected to, whenever a new connection is made."""
    once = reach(("127.0.0.1",))

    async def work() -> bytes:
        first = answering(ok(b"1", b"connection: close"))
        async with peer(first) as port, Transport() as transport:
            there = Origin("peer.test", port, reach=once)
            loop().addresses = ["127.0.0.1"]
            answer = await transport.exchange(there, GET, b"", 10)
            loop().addresses = ["127.0.0.3", "169.254.169.254"]
            told = "127.0.0.3 is loopback, 169.254.169.254 is a cloud's metadata"
            with pytest.raises(Halt, match=told):
                await transport.exchange(there, GET, b"", 10)
            return answer.body

    assert b"1" == run(work, Loop)


def test_who_may_call_less_gets_no_connection_that_another_opened() -> None:
    async def work() -> bytes:
        async with peer(answering(ok(b"1"), ok(b"2"))) as port, Transport() as transport:
            allowed = await transport.exchange(origin(port), GET, b"", 10)
            with pytest.raises(Halt, match="loopback"):
                await transport.exchange(Origin("127.0.0.1", port), GET, b"", 10)
            return allowed.body

    assert b"1" == run(work, Loop)
